#include "viewer/model_document.h"

#include <doctest/doctest.h>

#include <fstream>

#include "canter/nn/model_file.h"
#include "viewer_support.h"

namespace canter::test {
TEST_CASE("a network's file is compiled, timed and held to its passport") {
  const auto model = viewer::load_model_document(write_network("right.safetensors", false));
  REQUIRE_MESSAGE(model.ok(), model.error().message);
  CHECK((*model)->format == "canter");
  CHECK((*model)->inputs.at(0).shape == "[batch, 3]");
  CHECK((*model)->summary.parameters == 11);
  CHECK((*model)->layers.size() >= 2);
  CHECK((*model)->total_us > 0.0f);
  REQUIRE((*model)->verification.has_value());
  CHECK((*model)->verification->verdict == nn::Verdict::green);

  const auto damaged = viewer::load_model_document(write_network("damaged.safetensors", true));
  REQUIRE(damaged.ok());
  CHECK((*damaged)->verification->verdict == nn::Verdict::red);
  CHECK((*damaged)->verification->worst_layer == "in");
}

TEST_CASE("weights are described by the architecture file beside them") {
  const std::string path = write_bytes("alone.safetensors", nn::write_safetensors(small_weights()));
  const auto alone = viewer::load_model_document(path);
  REQUIRE_FALSE(alone.ok());
  CHECK(alone.error().message.find("weights without a graph") != std::string::npos);
  std::ofstream(scratch_dir() / "alone.json") << kSmallArchitecture;
  const auto described = viewer::load_model_document(path);
  REQUIRE_MESSAGE(described.ok(), described.error().message);
  CHECK_FALSE((*described)->verification.has_value());
}

TEST_CASE("the Model tab shows a network, and a verdict looks like one") {
  if (!can_view()) return;
  viewer::Image images[2];
  for (const bool damaged : {false, true}) {
    viewer::Options options = headless(write_walker());
    options.width = 1000;
    options.height = 700;
    // Equal names: only the verdict tells the pictures apart.
    options.files.push_back(write_network("network.safetensors", damaged));
    images[damaged ? 1 : 0] = run_to_image(options);
  }
  CHECK(count_different(images[0], images[1], 32) > 50);
}

}  // namespace canter::test
