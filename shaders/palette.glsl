// Linear blend skinning. A palette entry is the upper three rows of a matrix; in a uniform block,
// because software renderers read those several times faster than storage blocks.
layout(std140, binding = 1) uniform Palette { vec4 palette[3 * MAX_BONES]; };
layout(location = 0) uniform int palette_offset;

struct SkinRows {
  vec4 x, y, z;
};

SkinRows blend_rows(uvec4 bones, vec4 weights) {
  SkinRows rows = SkinRows(vec4(0.0), vec4(0.0), vec4(0.0));
  for (int i = 0; i < 4; ++i) {
    int first = 3 * (palette_offset + int(bones[i]));
    rows.x += weights[i] * palette[first];
    rows.y += weights[i] * palette[first + 1];
    rows.z += weights[i] * palette[first + 2];
  }
  return rows;
}

vec3 skin_point(SkinRows rows, vec3 p) {
  vec4 q = vec4(p, 1.0);
  return vec3(dot(rows.x, q), dot(rows.y, q), dot(rows.z, q));
}

vec3 skin_direction(SkinRows rows, vec3 d) {
  return vec3(dot(rows.x.xyz, d), dot(rows.y.xyz, d), dot(rows.z.xyz, d));
}
