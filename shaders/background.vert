// One triangle over the whole view, at the far plane.
out vec3 v_far;

void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2) * 2.0 - 1.0;
  vec4 far = inverse_view_projection * vec4(corner, 1.0, 1.0);
  v_far = far.xyz / far.w - camera_position.xyz;
  gl_Position = vec4(corner, 1.0, 1.0);
}
