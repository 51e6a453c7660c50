// What is multiplied onto the floor: the shadow of the key light, and the occlusion by small spheres
// at the feet, which stay grounded where the key shadow is soft.
in vec3 v_world;
layout(location = 0) out vec4 out_color;

void main() {
  float factor = mix(0.60, 1.0, key_visibility(v_world, vec3(0.0, 1.0, 0.0)));
  for (int i = 0; i < counts.x; ++i) {
    vec3 to_blob = blobs[i].xyz - v_world;
    float d2 = dot(to_blob, to_blob) + 1e-6;
    float r = blobs[i].w;
    float occlusion = max(to_blob.y, 0.0) * r * r * inversesqrt(d2) / d2;
    factor *= 1.0 - 0.45 * min(occlusion, 1.0);
  }
  out_color = vec4(vec3(factor), 1.0);
}
