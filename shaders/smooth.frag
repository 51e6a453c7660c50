// Smooths the stairs of silhouettes in the finished image: finds the direction of an edge from the
// brightness around a pixel and averages along it, as Lottes describes for FXAA (2009). Only where
// a body is near, told by its lower alpha: the lines of the floor are smooth already.
layout(binding = 0) uniform sampler2D scene;
layout(location = 0) out vec4 out_color;

float brightness(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

// The picture `offset` pixels away: the nearest column (row, if the edge stands upright), between the
// two pixels of it. Two plain reads, which software renderers do faster than one filtered.
vec3 between(vec2 offset, bool level) {
  vec2 at = gl_FragCoord.xy - 0.5 + offset;
  at = level ? vec2(round(at.x), at.y) : vec2(at.x, round(at.y));
  ivec2 last = textureSize(scene, 0) - 1;
  ivec2 first = clamp(ivec2(floor(at)), ivec2(0), last);
  ivec2 second = min(first + (level ? ivec2(0, 1) : ivec2(1, 0)), last);
  return mix(texelFetch(scene, first, 0).rgb, texelFetch(scene, second, 0).rgb,
             level ? fract(at.y) : fract(at.x));
}

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
  along = clamp(along / (weakest + noise), -8.0, 8.0);

  bool level = abs(along.x) > abs(along.y);
  vec3 near = 0.5 * (between(along * (-1.0 / 6.0), level) + between(along * (1.0 / 6.0), level));
  vec3 wide = 0.5 * near + 0.25 * (between(along * -0.5, level) + between(along * 0.5, level));
  float w = brightness(wide);
  vec3 smoothed = w < low || w > high ? near : wide;
  float alpha = min(min(min(nw.a, ne.a), min(sw.a, se.a)), middle.a);
  bool edge = high - low > max(0.04, 0.1 * high) && alpha < 0.9;
  out_color = vec4(edge ? smoothed : middle.rgb, 1.0);
}
