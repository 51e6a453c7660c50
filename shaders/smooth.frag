// Smooths the stairs of silhouettes in the finished image: finds the direction of an edge from the
// brightness around a pixel and averages along it, as Lottes describes for FXAA (2009). Only where
// a body is near, told by its lower alpha: the lines of the floor are smooth already.
layout(binding = 0) uniform sampler2D scene;
layout(location = 0) out vec4 out_color;

float brightness(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

void main() {
  ivec2 pixel = ivec2(gl_FragCoord.xy);
  vec4 middle = texelFetch(scene, pixel, 0);
  vec4 nw = texelFetch(scene, pixel + ivec2(-1, 1), 0);
  vec4 ne = texelFetch(scene, pixel + ivec2(1, 1), 0);
  vec4 sw = texelFetch(scene, pixel + ivec2(-1, -1), 0);
  vec4 se = texelFetch(scene, pixel + ivec2(1, -1), 0);
  float m = brightness(middle.rgb);
  vec4 b = vec4(brightness(nw.rgb), brightness(ne.rgb), brightness(sw.rgb), brightness(se.rgb));
  vec2 low2 = min(b.xy, b.zw), high2 = max(b.xy, b.zw);
  float low = min(m, min(low2.x, low2.y)), high = max(m, max(high2.x, high2.y));

  // Along the edge: across the gradient, longest where the edge is nearly flat.
  vec2 along = vec2((b.z + b.w) - (b.x + b.y), (b.y + b.w) - (b.x + b.z));
  float weakest = min(abs(along.x), abs(along.y));
  float noise = max((b.x + b.y + b.z + b.w) * 0.03125, 0.0078125);
  vec2 texel = 1.0 / vec2(textureSize(scene, 0));
  along = clamp(along / (weakest + noise), -8.0, 8.0) * texel;

  vec2 at = gl_FragCoord.xy * texel;
  vec3 near = 0.5 * (texture(scene, at - along * (1.0 / 6.0)).rgb +
                     texture(scene, at + along * (1.0 / 6.0)).rgb);
  vec3 wide = 0.5 * near + 0.25 * (texture(scene, at - 0.5 * along).rgb +
                                   texture(scene, at + 0.5 * along).rgb);
  float w = brightness(wide);
  vec3 smoothed = w < low || w > high ? near : wide;
  float alpha = min(min(min(nw.a, ne.a), min(sw.a, se.a)), middle.a);
  bool edge = high - low > max(0.04, 0.1 * high) && alpha < 0.9;
  out_color = vec4(edge ? smoothed : middle.rgb, 1.0);
}
