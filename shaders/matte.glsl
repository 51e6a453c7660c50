// The one material: matte, with a slight rim that separates the silhouette from the background.
vec3 matte(vec3 albedo, vec3 world, vec3 normal, float visibility) {
  vec3 to_camera = normalize(camera_position.xyz - world);
  // A wrapped term keeps the shadow side readable without a second light.
  float facing = dot(normal, to_light.xyz);
  float key = max(facing * 0.85 + 0.15, 0.0) * visibility;
  vec3 fill = mix(bounce_color.rgb, sky_color.rgb, normal.y * 0.5 + 0.5);
  float edge = 1.0 - max(dot(normal, to_camera), 0.0);
  float rim = edge * edge * edge * (0.35 + 0.65 * max(normal.y, 0.0));
  return albedo * (key_color.rgb * key + fill) + sky_color.rgb * (0.22 * rim);
}
