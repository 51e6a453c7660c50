// What every pass of a frame knows. Mirrored by FrameUniforms in viewer/gfx/scene_renderer.cpp.
layout(std140, binding = 0) uniform Frame {
  mat4 view_projection;
  mat4 light_view_projection;
  mat4 inverse_view_projection;
  vec4 camera_position;
  vec4 to_light;            // unit, world space
  vec4 key_color;           // linear
  vec4 sky_color;           // linear
  vec4 bounce_color;        // linear
  vec4 background_top;      // sRGB, like the next two: floor and background are not lit
  vec4 background_horizon;
  vec4 floor_color;
  vec4 focus;               // xyz: where the character stands, w: radius of the lit floor, m
  vec4 shadow;              // x: one texel in uv, y: bias along the normal, m; z: alpha that bodies leave in the picture
  vec4 shadow_patch[4];     // convex polygon of floor the shadow falls on: x, z of 8 corners
  vec4 view_size;           // xy: of the framebuffer, pixels
};

// sRGB encoding by three square roots (within 0.005 of the exact curve, a third of its cost).
vec3 to_srgb(vec3 c) {
  vec3 s1 = sqrt(max(c, vec3(0.0)));
  vec3 s2 = sqrt(s1);
  vec3 s3 = sqrt(s2);
  return 0.585122381 * s1 + 0.783140355 * s2 - 0.368262736 * s3;
}

// Half a step of ordered noise, which hides the bands of an eight-bit gradient.
float dither(vec2 pixel) {
  return (fract(52.9829189 * fract(dot(pixel, vec2(0.06711056, 0.00583715)))) - 0.5) / 255.0;
}
