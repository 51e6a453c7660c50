// A large square of floor under the focus.
out vec3 v_world;

void main() {
  vec2 corner = vec2(gl_VertexID >> 1, gl_VertexID & 1) * 2.0 - 1.0;
  v_world = vec3(focus.x + corner.x * 120.0, 0.0, focus.z + corner.y * 120.0);
  gl_Position = view_projection * vec4(v_world, 1.0);
}
