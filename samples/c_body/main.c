/* A simulated body in plain C: a policy performs its clip, is pushed, goes limp and is put back.
 * See README.md. */
#include <canter/canter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
  const char* path;
  long frames;
  long seed;
} options;

static int parse(int argc, char** argv, options* o) {
  o->path = NULL;
  o->frames = 120;
  o->seed = 0;
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "--headless") == 0) continue; /* it always is */
    if (strcmp(argv[i], "--frames") == 0 && i + 1 < argc) {
      o->frames = strtol(argv[++i], NULL, 10);
    } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      o->seed = strtol(argv[++i], NULL, 10);
    } else if (argv[i][0] != '-' && o->path == NULL) {
      o->path = argv[i];
    } else {
      return 0;
    }
  }
  return o->path != NULL && o->frames > 0;
}

/* Canter opens no files: how bytes get into memory is the host's business. */
static unsigned char* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  unsigned char* bytes = NULL;
  *size = 0;
  if (file == NULL) return NULL;
  if (fseek(file, 0, SEEK_END) == 0) {
    const long length = ftell(file);
    rewind(file);
    bytes = length > 0 ? malloc((size_t)length) : NULL;
    if (bytes != NULL) *size = fread(bytes, 1, (size_t)length, file);
  }
  fclose(file);
  return bytes;
}

/* Leaves with what Canter has to say about it. */
static void check(canter_context* context, canter_status status) {
  char text[512] = "";
  if (status == CANTER_STATUS_OK) return;
  canter_last_error(context, text, sizeof text);
  fprintf(stderr, "c_body: %s (%s)\n", text, canter_status_name(status));
  canter_context_destroy(context);
  exit(1);
}

/* How far the root is, how well it copies the clip, and what presses on the ground. */
static void print_body(canter_context* context, canter_character body, const char* when) {
  float root16[16];
  canter_contact contacts[CANTER_MAX_READ_CONTACTS];
  uint32_t count = 0;
  double weight_n = 0.0;
  canter_body_state state = canter_body_state_default();
  check(context, canter_character_get_body_state(context, body, &state));
  check(context, canter_character_read_models(context, body, root16, 1, NULL));
  check(context,
        canter_character_read_contacts(context, body, contacts, CANTER_MAX_READ_CONTACTS, &count));
  for (uint32_t i = 0; i < count; ++i) weight_n += (double)contacts[i].force_n[1];
  printf(
      "%-12s root at %6.2f %5.2f %6.2f m, reward %.2f, phase %.2f, %2u contacts bear %4.0f N, "
      "%u falls\n",
      when, (double)root16[12], (double)root16[13], (double)root16[14], (double)state.reward_paper,
      state.phase, count, weight_n, state.num_ends);
}

static void run(canter_context* context, canter_world world, long frames) {
  for (long i = 0; i < frames; ++i)
    check(context, canter_world_update(context, world, 1.0 / 60.0, NULL));
}

int main(int argc, char** argv) {
  options o;
  if (!parse(argc, argv, &o)) {
    fprintf(stderr, "usage: c_body [--headless] [--frames N] [--seed S] POLICY.safetensors\n");
    return 2;
  }
  size_t size = 0;
  unsigned char* bytes = read_file(o.path, &size);
  if (bytes == NULL) {
    fprintf(stderr, "c_body: cannot read %s\n", o.path);
    return 1;
  }
  canter_context* context = NULL;
  if (canter_context_create(NULL, &context) != CANTER_STATUS_OK) return 1;
  canter_policy policy;
  check(context, canter_policy_load(context, bytes, size, NULL, &policy));
  free(bytes);
  canter_policy_info info = canter_policy_info_default();
  check(context, canter_policy_get_info(context, policy, &info));
  printf("%s: '%s', %u joints, %.1f kg, %.0f physics steps and %.0f actions per second\n", o.path,
         info.clip_name, info.num_joints, info.mass_kg, info.rate_hz, info.control_rate_hz);

  /* A character on the body's own skeleton; any other that fits will do. */
  canter_world world;
  canter_character body;
  canter_character_desc who = canter_character_desc_default();
  check(context, canter_world_create(context, NULL, &world));
  check(context, canter_policy_skeleton(context, policy, &who.skeleton));
  check(context, canter_character_create(context, world, &who, &body));
  canter_simulate_desc simulate = canter_simulate_desc_default();
  simulate.policy = policy;
  simulate.phase = (double)(o.seed % 100) / 100.0;
  check(context, canter_character_simulate(context, body, &simulate));

  run(context, world, o.frames / 2);
  print_body(context, body, "performing");
  const float push_n[3] = {0.0f, 0.0f, 100.0f};
  check(context, canter_character_push(context, body, 0, push_n, 0.2));
  run(context, world, o.frames - o.frames / 2);
  print_body(context, body, "pushed");
  check(context, canter_character_set_body_mode(context, body, CANTER_BODY_RAGDOLL, 0.0f));
  run(context, world, 90);
  print_body(context, body, "limp");
  check(context, canter_character_set_body_mode(context, body, CANTER_BODY_SIMULATED, 0.3f));
  check(context, canter_character_restart(context, body, 0.0));
  run(context, world, 60);
  print_body(context, body, "put back");
  canter_context_destroy(context);
  return 0;
}
