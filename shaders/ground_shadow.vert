// The rectangle of floor that the shadow falls on.
out vec3 v_world;

void main() {
  vec2 corner = vec2(gl_VertexID >> 1, gl_VertexID & 1);
  vec2 p = mix(shadow_patch.xy, shadow_patch.zw, corner);
  v_world = vec3(p.x, 0.0, p.y);
  gl_Position = view_projection * vec4(v_world, 1.0);
}
