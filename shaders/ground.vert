// A square of floor around the focus, large enough to reach the horizon from wherever one looks.
out vec3 v_world;

void main() {
  vec2 corner = vec2(gl_VertexID >> 1, gl_VertexID & 1) * 2.0 - 1.0;
  float half_side = 120.0 + 2.0 * distance(camera_position.xyz, focus.xyz);
  v_world = vec3(focus.x + corner.x * half_side, 0.0, focus.z + corner.y * half_side);
  gl_Position = view_projection * vec4(v_world, 1.0);
}
