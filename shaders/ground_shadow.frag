// What is multiplied onto the floor: the shadow of the key light.
in vec3 v_world;
layout(location = 0) out vec4 out_color;

void main() {
  float factor = mix(0.60, 1.0, key_visibility(v_world, vec3(0.0, 1.0, 0.0)));
  out_color = vec4(vec3(factor), 1.0);
}
