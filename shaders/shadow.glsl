// Filtered look-up in the shadow map: 1 lit, 0 in shadow.
layout(binding = 0) uniform sampler2DShadow shadow_map;

float key_visibility(vec3 world, vec3 normal) {
  vec4 p = light_view_projection * vec4(world + normal * shadow.y, 1.0);
  vec3 uvz = p.xyz * 0.5 + 0.5;
  // Outside the map everything is lit: the map follows the character.
  if (any(greaterThan(abs(p.xyz), vec3(1.0)))) return 1.0;
  float sum = 0.0;
  int taps = int(shadow.z);
  float spread = 1.6 * shadow.x;
  float first = -0.5 * float(taps - 1);
  for (int y = 0; y < taps; ++y)
    for (int x = 0; x < taps; ++x)
      sum += texture(shadow_map, vec3(uvz.xy + spread * (first + vec2(x, y)), uvz.z));
  float visibility = sum / float(taps * taps);
  // Fade at the border of the map instead of ending in a line.
  float border = max(abs(p.x), abs(p.y));
  return mix(visibility, 1.0, smoothstep(0.85, 1.0, border));
}
