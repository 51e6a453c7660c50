#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "canter/trainer/trainer.h"

namespace canter::trainer {

/// One number of a log.
struct Scalar {
  const char* name;  ///< "train/life_s" …: a group and a name
  double value;
};

/// What is logged of an iteration, always in the same order.
std::vector<Scalar> scalars_of(const Iteration& iteration);

/// First line of a log in CSV and the line of an iteration, each with its line end. Values of the
/// last evaluation are repeated until the next.
std::string csv_header();
std::string csv_row(const Iteration& iteration);

/// The records of a TensorBoard event file (TFRecord frames of Event messages): the one that every
/// file starts with, and one with numbers.
/// @param wall_time_s  since 1970
std::vector<std::byte> tensorboard_start(double wall_time_s);
std::vector<std::byte> tensorboard_event(double wall_time_s, std::int64_t step,
                                         std::span<const Scalar> scalars);

}  // namespace canter::trainer
