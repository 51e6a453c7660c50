// The part of the floor that the shadow falls on, as a fan.
out vec3 v_world;

void main() {
  vec4 two = shadow_patch[gl_VertexID >> 1];
  vec2 p = (gl_VertexID & 1) == 0 ? two.xy : two.zw;
  v_world = vec3(p.x, 0.0, p.y);
  gl_Position = view_projection * vec4(v_world, 1.0);
}
