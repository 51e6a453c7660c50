// Linear blend skinning with the palette of the character.
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 uv;
layout(location = 3) in uvec4 bones;
layout(location = 4) in vec4 weights;

layout(std430, binding = 1) readonly buffer Palette { mat4 palette[]; };
layout(location = 0) uniform int palette_offset;

out vec3 v_world;
out vec3 v_normal;
out vec2 v_uv;

void main() {
  mat4 m = palette[palette_offset + int(bones.x)] * weights.x +
           palette[palette_offset + int(bones.y)] * weights.y +
           palette[palette_offset + int(bones.z)] * weights.z +
           palette[palette_offset + int(bones.w)] * weights.w;
  v_world = (m * vec4(position, 1.0)).xyz;
  v_normal = mat3(m) * normal;
  v_uv = uv;
  gl_Position = view_projection * vec4(v_world, 1.0);
}
