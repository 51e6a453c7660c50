// The skinned mesh seen from the key light; the same skinning as skinned.vert.
layout(location = 0) in vec3 position;
layout(location = 3) in uvec4 bones;
layout(location = 4) in vec4 weights;

layout(std430, binding = 1) readonly buffer Palette { mat4 palette[]; };
layout(location = 0) uniform int palette_offset;

void main() {
  mat4 m = palette[palette_offset + int(bones.x)] * weights.x +
           palette[palette_offset + int(bones.y)] * weights.y +
           palette[palette_offset + int(bones.z)] * weights.z +
           palette[palette_offset + int(bones.w)] * weights.w;
  gl_Position = light_view_projection * (m * vec4(position, 1.0));
}
