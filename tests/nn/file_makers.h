#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Makes small files of other programs' formats, right ones and damaged ones.
namespace canter::test {

std::vector<std::byte> to_bytes(std::string_view text);
/// Elements as they lie in memory.
template <class T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

struct ZipItem {
  std::string name;
  std::string content;
  bool deflate = false;
  bool zip64 = false;       ///< sizes and offset in the ZIP64 field
  bool descriptor = false;  ///< sizes follow the data, as streaming writers do
};

/// An archive of these items, with a ZIP64 directory where one of them asks for it.
std::string make_zip(const std::vector<ZipItem>& items);

/// A safetensors file of this header.
std::string make_safetensors(const std::string& header, const std::string& data);

/// A version `version` .npy file of this header text.
std::string make_npy(const std::string& header, const std::string& data, int version = 1);

/// Opcodes of a pickle, written like assembler.
class PickleMaker {
 public:
  PickleMaker& proto(int version = 2);
  PickleMaker& op(char opcode);
  PickleMaker& text(std::string_view value);
  PickleMaker& integer(std::int32_t value);
  PickleMaker& global(std::string_view module, std::string_view name);
  PickleMaker& put(std::uint8_t index);
  PickleMaker& get(std::uint8_t index);
  /// The persistent id of a storage, loaded.
  PickleMaker& storage(std::string_view type, std::string_view key, std::int32_t elements);
  PickleMaker& tuple(std::initializer_list<std::int32_t> values);
  /// A whole tensor: a view of a storage.
  PickleMaker& tensor(std::string_view type, std::string_view key, std::int32_t elements,
                      std::int32_t offset, std::initializer_list<std::int32_t> shape,
                      std::initializer_list<std::int32_t> strides);
  std::string stop();

 private:
  std::string out_;
};

/// torch.save's archive of this data.pkl and these records.
std::string make_torch(const std::string& pickle,
                       const std::vector<std::pair<std::string, std::string>>& records,
                       bool torchscript = false);

}  // namespace canter::test
