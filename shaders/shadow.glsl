// Filtered look-up in the shadow map: 1 lit, 0 in shadow.
layout(binding = 0) uniform sampler2DShadow shadow_map;

float key_visibility(vec3 world, vec3 normal) {
  vec3 p = (light_view_projection * vec4(world + normal * shadow.y, 1.0)).xyz;
  vec3 uvz = p * 0.5 + 0.5;
  const int taps = SHADOW_TAPS;
  float spread = 1.6 * shadow.x;
  float first = -0.5 * float(taps - 1);
  float sum = 0.0;
  for (int y = 0; y < taps; ++y)
    for (int x = 0; x < taps; ++x)
      sum += texture(shadow_map, vec3(uvz.xy + spread * (first + vec2(x, y)), uvz.z));
  // Beyond the map everything is lit; it fades there instead of ending in a line.
  float border = max(abs(p.x), abs(p.y));
  return mix(sum / float(taps * taps), 1.0, smoothstep(0.9, 1.0, border));
}
