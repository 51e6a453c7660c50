#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "canter/nn/model.h"
#include "canter/nn/weights.h"
#include "canter/phase/channel.h"

namespace canter::phase {

/// The two published forms of the Periodic Autoencoder (Starke, Mason and Komura 2022).
enum class Variant : std::uint8_t {
  batch_norm_tanh,  ///< the paper's: BatchNorm and tanh behind conv1, deconv1 and the phase heads
  time_norm_elu     ///< the later code's: LayerNorm over time and ELU behind conv1 and deconv1
};

/// Which moment of its window a network's phase belongs to.
enum class Pivot : std::uint8_t { centre, newest };

/// Shapes and conventions of a network.
struct AutoencoderInfo {
  Variant variant = Variant::batch_norm_tanh;
  int dims = 0;      ///< D: features of a frame
  int hidden = 0;    ///< I: channels behind conv1
  int channels = 0;  ///< M: phases
  int frames = 0;    ///< N: of a window, odd; also the kernels' length
  float rate_hz = 60.0f;
  float window_s = 2.0f;    ///< W of the frequency axis: bin k is k / W
  float cutoff_hz = 3.25f;  ///< of the features' low-pass
  bool causal = false;      ///< features filtered as live ones, both passes forward
  Pivot pivot = Pivot::centre;
  int primary = 0;  ///< the channel that follows the gait
};

namespace detail {
struct AutoencoderParts;
}

/// A Periodic Autoencoder. Immutable, shared by threads, cheap to copy.
class Autoencoder {
 public:
  Autoencoder() = default;

  const AutoencoderInfo& info() const;
  /// What the weights were trained on and by which command, as the file says.
  const nn::TextMap& provenance() const;
  /// For the runtime's own use.
  const detail::AutoencoderParts& parts() const { return *parts_; }

 private:
  friend Result<Autoencoder> make_autoencoder(nn::WeightFile, std::string_view);
  std::shared_ptr<const detail::AutoencoderParts> parts_;
};

/// Tells the variant by the names of the tensors (docs/phase.md lists them), shapes by the tensors,
/// the rest by the metadata of Canter's own files or, for others, the published settings.
/// Decoders may be absent; then decode() must not be called.
/// Errors: bad_value naming the tensor, what was found and what was expected; unsupported (an even
/// kernel).
Result<Autoencoder> make_autoencoder(nn::WeightFile file, std::string_view source);
/// Any file of weights (see canter/nn/weights.h). Errors: also those of the readers.
Result<Autoencoder> load_autoencoder(std::span<const std::byte> bytes, std::string_view source);

/// The metadata make_autoencoder reads back.
nn::TextMap metadata_of(const AutoencoderInfo& info);

/// Memory to run a network over whole windows. One thread at a time. Holds on to the network.
class Encoder {
 public:
  /// @param batch  windows of one run
  explicit Encoder(const Autoencoder& network, int batch = 1);

  int batch() const { return batch_; }
  /// The plain form: every window from the start.
  /// @param windows   [batch, frames, dims] as Features::window gives them
  /// @param channels  [batch, channels] in and out: where a channel has no power, its frequency
  ///                  stays what it was
  /// No allocation after the first call.
  void encode(std::span<const float> windows, std::span<ChannelPhase> channels);
  /// The same from [batch, dims, frames].
  void encode_transposed(std::span<const float> windows, std::span<ChannelPhase> channels);
  /// [batch, channels, frames] of the last encode.
  std::span<const float> latent() const;

  /// Windows from phases: [batch, dims, frames] of the waves. The network must have a decoder
  /// (asserted).
  std::span<const float> decode(std::span<const ChannelPhase> channels);

 private:
  void run(std::span<ChannelPhase> channels);

  Autoencoder network_;
  int batch_ = 1;
  nn::Workspace full_;
  nn::Workspace decoder_;
};

/// One character's next frame for SlidingEncoder::advance.
struct SlideItem {
  std::span<float> state;       ///< [state_size]
  const float* row = nullptr;   ///< [dims] features of the new frame
  ChannelPhase* out = nullptr;  ///< [channels] in and out as in encode(); null: not wanted now
};

/// The exact sliding update: a window that moves by one frame changes conv1's outputs by one tap
/// each and one new column (181 taps for 10,981 at N = 121). Rounding does not add up: each column
/// is born anew at the end and gone N frames later. One thread at a time.
class SlidingEncoder {
 public:
  /// @param batch  characters computed at once where there are as many
  explicit SlidingEncoder(const Autoencoder& network, int batch = 8);

  const Autoencoder& network() const { return network_; }
  /// Floats of one character's state. Copying them is the snapshot.
  std::size_t state_size() const;
  /// A window of a body that has stood still.
  void start(std::span<float> state) const;
  /// Moves every character's window by one frame. Results do not depend on who shares a batch.
  /// No allocation.
  void advance(std::span<const SlideItem> items);
  /// Whether these could be a state of this encoder: what is false must not be advanced.
  bool is_sound(std::span<const float> state) const;
  /// The window as it is now, [frames, dims], oldest first: contiguous in the state.
  std::span<const float> window(std::span<const float> state) const;

 private:
  struct Lane;
  void advance_batch(Lane& lane, std::span<const SlideItem> items);

  struct Lane {
    Lane(const Autoencoder& network, int size);
    int size;
    nn::Workspace slide, tail;
  };
  Autoencoder network_;
  Lane one_;
  Lane many_;
};

}  // namespace canter::phase
