in vec3 v_world;
in vec3 v_normal;
in vec4 v_color;
layout(location = 0) out vec4 out_color;

void main() {
  vec3 normal = normalize(v_normal);
  float visibility = v_color.a < 1.0 ? 1.0 : key_visibility(v_world, normal);
  out_color = vec4(to_srgb(matte(v_color.rgb, v_world, normal, visibility)), v_color.a < 1.0 ? v_color.a : shadow.z);
}
