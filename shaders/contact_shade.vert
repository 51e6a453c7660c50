// The floor around a limb that is near it, as a rectangle along the limb.
layout(location = 0) in vec4 end_a;  // world xyz, radius, m
layout(location = 1) in vec4 end_b;

out vec3 v_world;
flat out vec4 v_end_a;
flat out vec4 v_end_b;

void main() {
  // Beyond this many radii the shade is too faint to see.
  const float reach = 5.0;
  float r = reach * max(end_a.w, end_b.w);
  vec2 along = end_b.xz - end_a.xz;
  float len = length(along);
  along = len > 1e-4 ? along / len : vec2(1.0, 0.0);
  vec2 across = vec2(-along.y, along.x);
  bool at_b = gl_VertexID >= 2;
  float side = (gl_VertexID & 1) == 0 ? -1.0 : 1.0;
  vec2 p = (at_b ? end_b.xz : end_a.xz) + along * (at_b ? r : -r) + across * (side * r);
  v_world = vec3(p.x, 0.0, p.y);
  v_end_a = end_a;
  v_end_b = end_b;
  gl_Position = view_projection * vec4(v_world, 1.0);
}
