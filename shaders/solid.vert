// A round cone between two spheres, drawn from a unit sphere whose halves go to the two ends.
// Equal ends give a ball, equal radii a capsule.
layout(location = 0) in vec3 position;  // unit sphere; y > 0 belongs to the end b
layout(location = 1) in vec4 end_a;     // xyz, radius, m
layout(location = 2) in vec4 end_b;
layout(location = 3) in vec4 color;     // linear RGBA
layout(location = 4) in float end;      // 0: end a, 1: end b

out vec3 v_world;
out vec3 v_normal;
out vec4 v_color;

void main() {
  vec3 along = end_b.xyz - end_a.xyz;
  float length_m = length(along);
  vec3 y = length_m > 1e-6 ? along / length_m : vec3(0.0, 1.0, 0.0);
  vec3 x = normalize(abs(y.y) < 0.9 ? cross(vec3(0.0, 1.0, 0.0), y) : cross(vec3(1.0, 0.0, 0.0), y));
  vec3 z = cross(x, y);
  vec3 direction = position.x * x + position.y * y + position.z * z;
  vec4 sphere = mix(end_a, end_b, end);
  v_world = sphere.xyz + sphere.w * direction;
  v_normal = direction;
  v_color = color;
  gl_Position = SOLID_PROJECTION * vec4(v_world, 1.0);
}
