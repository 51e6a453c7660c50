#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "canter/nn/model_file.h"
#include "viewer/gfx/image.h"
#include "viewer/viewer.h"

namespace canter::test {

/// Whether a headless viewer can run here. Where not, prints "SKIPPED: …"; with
/// CANTER_REQUIRE_DATA=1, as in CI, the test case fails instead.
bool can_view();

/// A folder of this process's own, removed when it ends.
std::filesystem::path scratch_dir();

/// A BVH file of a stick figure that walks in place and waves: 60 frames of 1/30 s.
std::string write_walker();

/// The walker half a metre above the floor and ten metres away, "floater.bvh".
std::string write_floater();

/// Writes a file into the scratch folder; its path.
std::string write_bytes(const std::string& name, std::span<const std::byte> bytes);

/// A network of two small layers: its architecture, its weights, and both written as Canter's own
/// model file with a passport that, if `damaged`, does not fit. The path.
extern const char* const kSmallArchitecture;
nn::TensorMap small_weights();
std::string write_network(const std::string& name, bool damaged);

/// Options of a small headless run of one file.
viewer::Options headless(const std::string& file);

/// Runs and returns the last frame; fails the test case if the run fails.
viewer::Image run_to_image(viewer::Options options);

/// Shrinks by a whole factor; every pixel is the mean of those it stands for.
viewer::Image shrink(const viewer::Image& image, int factor);

/// Compares a picture, shrunk, with the one of this name in tests/viewer/golden and says what share
/// of the pixels differs clearly. CANTER_UPDATE_GOLDEN=1 writes the file instead.
double golden_difference(const std::string& name, const std::filesystem::path& picture);

/// How many pixels differ by more than `threshold` of 255 in a channel.
int count_different(const viewer::Image& a, const viewer::Image& b, int threshold = 0);

}  // namespace canter::test
