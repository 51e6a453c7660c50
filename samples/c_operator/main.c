/* A network with a layer of the host's own, in plain C. See README.md. */
#include <canter/canter.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* y = x / (epsilon + |row|), for a matrix x: a layer that Canter does not have. */
static canter_status unit_rows_shape(canter_operator_call* call) {
  const canter_tensor* x = &call->inputs[0];
  canter_operator_output* y = &call->outputs[0];
  if (call->num_inputs != 1 || x->dtype != CANTER_DTYPE_F32 || x->rank != 2) {
    snprintf(call->message, CANTER_OPERATOR_MESSAGE, "expected a matrix of F32");
    return CANTER_STATUS_INVALID_ARGUMENT;
  }
  y->dtype = CANTER_DTYPE_F32;
  y->rank = 2;
  memcpy(y->shape, x->shape, sizeof y->shape);
  return CANTER_STATUS_OK;
}

static canter_status unit_rows_run(canter_operator_call* call) {
  const float epsilon = canter_node_number(call->node, "epsilon", 0.0f);
  const int64_t rows = call->inputs[0].shape[0], columns = call->inputs[0].shape[1];
  const float* x = call->inputs[0].data;
  float* y = call->outputs[0].data;
  for (int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    float squares = 0.0f;
    for (int64_t i = 0; i < columns; ++i) squares += x[i] * x[i];
    const float size = epsilon + sqrtf(squares);
    for (int64_t i = 0; i < columns; ++i) y[i] = size > 0.0f ? x[i] / size : 0.0f;
  }
  return CANTER_STATUS_OK;
}

/* A network for the sample: a matrix product, then our layer, as an architecture file says it. An
 * ONNX file with a node "UnitRows" of the domain "my.own" would do as well. */
static const char kArchitecture[] =
    "{\"canter_architecture\": 1,"
    " \"inputs\": [{\"name\": \"x\", \"shape\": [\"batch\", 2]}],"
    " \"layers\": ["
    "  {\"op\": \"MatMul\", \"inputs\": [\"x\", \"w\"], \"outputs\": [\"z\"]},"
    "  {\"op\": \"UnitRows\", \"domain\": \"my.own\", \"inputs\": [\"z\"], \"outputs\": [\"y\"],"
    "   \"attributes\": {\"epsilon\": 0.5}}],"
    " \"outputs\": [\"y\"]}";

/* Its weights as a safetensors file in memory: the header's length, the header, the numbers. */
static size_t make_weights(unsigned char* file) {
  static const char header[] =
      "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}";
  static const float w[4] = {3.0f, 0.0f, 4.0f, 0.5f};
  const size_t length = sizeof header - 1;
  for (int i = 0; i < 8; ++i) file[i] = (unsigned char)((uint64_t)length >> 8 * i);
  memcpy(file + 8, header, length);
  memcpy(file + 8 + length, w, sizeof w);
  return 8 + length + sizeof w;
}

/* Leaves with what Canter has to say about it. */
static void check(canter_context* context, canter_status status) {
  char text[512] = "";
  if (status == CANTER_STATUS_OK) return;
  canter_last_error(context, text, sizeof text);
  fprintf(stderr, "c_operator: %s (%s)\n", text, canter_status_name(status));
  canter_context_destroy(context);
  exit(1);
}

int main(int argc, char** argv) {
  const int registers = argc < 2 || strcmp(argv[1], "--without") != 0;
  if (argc > 2 || (argc == 2 && registers)) {
    fprintf(stderr, "usage: c_operator [--without]\n");
    return 2;
  }
  canter_context* context = NULL;
  if (canter_context_create(NULL, &context) != CANTER_STATUS_OK) return 1;

  canter_operator_desc unit_rows = canter_operator_desc_default();
  unit_rows.domain = "my.own";
  unit_rows.type = "UnitRows";
  unit_rows.shape = unit_rows_shape;
  unit_rows.run = unit_rows_run;
  if (registers) check(context, canter_operator_register(context, &unit_rows));

  unsigned char weights[256];
  const size_t size = make_weights(weights);
  canter_model_desc desc = canter_model_desc_default();
  desc.architecture = kArchitecture;
  canter_model model;
  check(context, canter_model_load(context, weights, size, &desc, &model));
  canter_session session;
  check(context, canter_session_create(context, model, &session));

  const float x[2][2] = {{1.0f, 1.0f}, {0.0f, 2.0f}};
  canter_tensor in = {CANTER_DTYPE_F32, 2, {2, 2}, x};
  canter_tensor out;
  check(context, canter_session_run(context, session, &in, 1));
  check(context, canter_session_output(context, session, 0, &out));
  const float* y = out.data;
  for (int64_t i = 0; i < out.shape[0] * out.shape[1]; i += 2)
    printf("y %.6f %.6f\n", (double)y[i], (double)y[i + 1]);
  canter_context_destroy(context);
  return 0;
}
