// A line as a strip of two triangles, widened on screen.
layout(location = 0) in vec4 end_a;    // world xyz, width in pixels
layout(location = 1) in vec4 end_b;
layout(location = 2) in vec4 color_a;  // sRGB and alpha
layout(location = 3) in vec4 color_b;

out vec4 v_color;
out float v_across;     // pixels from the middle
out float v_half_width;  // pixels

const float kNear = 0.06;

void main() {
  vec4 a = view_projection * vec4(end_a.xyz, 1.0);
  vec4 b = view_projection * vec4(end_b.xyz, 1.0);
  // What lies behind the camera is cut off, so that the direction on screen means something.
  if (a.w < kNear && b.w >= kNear) a = mix(b, a, (b.w - kNear) / (b.w - a.w));
  if (b.w < kNear && a.w >= kNear) b = mix(a, b, (a.w - kNear) / (a.w - b.w));
  vec2 half_size = 0.5 * view_size.xy;
  vec2 along = b.xy / b.w * half_size - a.xy / a.w * half_size;
  float pixels = length(along);
  along = pixels > 1e-3 ? along / pixels : vec2(1.0, 0.0);
  bool at_b = gl_VertexID >= 2;
  float side = (gl_VertexID & 1) == 0 ? -1.0 : 1.0;
  v_half_width = 0.5 * (at_b ? end_b.w : end_a.w);
  v_across = side * (v_half_width + 1.0);
  v_color = at_b ? color_b : color_a;
  vec4 p = at_b ? b : a;
  vec2 offset = vec2(-along.y, along.x) * v_across + along * (at_b ? 0.5 : -0.5);
  gl_Position = vec4(p.xy + offset / half_size * p.w, p.zw);
}
