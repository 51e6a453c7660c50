// The skinned mesh seen from the key light.
layout(location = 0) in vec3 position;
layout(location = 3) in uvec4 bones;
layout(location = 4) in vec4 weights;

void main() {
  gl_Position = light_view_projection * vec4(skin_point(blend_rows(bones, weights), position), 1.0);
}
