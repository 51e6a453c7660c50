#include "trainer/ppo/starts.h"

#include <algorithm>

namespace canter::trainer::detail {
namespace {

constexpr double kForget = 0.7;  // per iteration: a handful of iterations count
constexpr double kLeastWeight = 0.1;

int bin_of(double start) {
  return std::clamp(static_cast<int>(start * Starts::kBins), 0, Starts::kBins - 1);
}

}  // namespace

double Starts::draw(double hard_share, Random& random) const {
  const double anywhere = random.uniform();
  if (hard_share <= 0.0 || random.uniform() >= hard_share) return anywhere;
  double total = 0.0;
  for (const double life : life_) total += kLeastWeight + 1.0 - life;
  double left = random.uniform() * total;
  int bin = 0;
  for (; bin + 1 < kBins; ++bin) {
    left -= kLeastWeight + 1.0 - life_[static_cast<std::size_t>(bin)];
    if (left < 0.0) break;
  }
  return (bin + anywhere) / kBins;
}

void Starts::Note::add(double start, double life_share) {
  const auto bin = static_cast<std::size_t>(bin_of(start));
  life[bin] += life_share;
  count[bin] += 1.0;
}

void Starts::update(const Note& note) {
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    const double before = known_[bin] * kForget;
    known_[bin] = before + note.count[bin];
    if (known_[bin] > 0.0) life_[bin] = (life_[bin] * before + note.life[bin]) / known_[bin];
  }
}

}  // namespace canter::trainer::detail
