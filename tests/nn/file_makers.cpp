#include "file_makers.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstring>

namespace canter::test {
namespace {

template <class T>
void put_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string deflated(const std::string& content) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, content.size()), '\0');
  std::string input = content;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::uint32_t crc(const std::string& content) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
}

// What local and central headers share: flags to length of the extra field.
void put_common(std::string& out, const ZipItem& item, std::size_t packed, bool sizes_here,
                std::size_t extra) {
  put_raw<std::uint16_t>(out, item.descriptor ? 8 : 0);
  put_raw<std::uint16_t>(out, item.deflate ? 8 : 0);
  put_raw<std::uint32_t>(out, 0x00210000);  // 1980-01-01
  put_raw<std::uint32_t>(out, sizes_here ? crc(item.content) : 0);
  const bool wide = item.zip64;
  put_raw<std::uint32_t>(out, wide         ? 0xffffffff
                              : sizes_here ? static_cast<std::uint32_t>(packed)
                                           : 0);
  put_raw<std::uint32_t>(out, wide         ? 0xffffffff
                              : sizes_here ? static_cast<std::uint32_t>(item.content.size())
                                           : 0);
  put_raw<std::uint16_t>(out, static_cast<std::uint16_t>(item.name.size()));
  put_raw<std::uint16_t>(out, static_cast<std::uint16_t>(extra));
}

void put_end(std::string& out, std::size_t entries, std::size_t at, bool zip64) {
  const std::size_t size = out.size() - at;
  if (zip64) {
    const std::size_t end64 = out.size();
    put_raw<std::uint32_t>(out, 0x06064b50);
    put_raw<std::uint64_t>(out, 44);
    out.append(12, '\0');
    put_raw<std::uint64_t>(out, entries);
    put_raw<std::uint64_t>(out, entries);
    put_raw<std::uint64_t>(out, size);
    put_raw<std::uint64_t>(out, at);
    put_raw<std::uint32_t>(out, 0x07064b50);
    put_raw<std::uint32_t>(out, 0);
    put_raw<std::uint64_t>(out, end64);
    put_raw<std::uint32_t>(out, 1);
  }
  put_raw<std::uint32_t>(out, 0x06054b50);
  put_raw<std::uint32_t>(out, 0);
  put_raw<std::uint16_t>(out, static_cast<std::uint16_t>(entries));
  put_raw<std::uint16_t>(out, static_cast<std::uint16_t>(entries));
  put_raw<std::uint32_t>(out, static_cast<std::uint32_t>(size));
  put_raw<std::uint32_t>(out, zip64 ? 0xffffffff : static_cast<std::uint32_t>(at));
  put_raw<std::uint16_t>(out, 0);
}

}  // namespace

std::vector<std::byte> to_bytes(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::string make_zip(const std::vector<ZipItem>& items) {
  std::string out, central;
  bool zip64 = false;
  for (const ZipItem& item : items) {
    const std::string packed = item.deflate ? deflated(item.content) : item.content;
    const std::size_t at = out.size();
    put_raw<std::uint32_t>(out, 0x04034b50);
    put_raw<std::uint16_t>(out, 20);
    put_common(out, item, packed.size(), !item.descriptor, 0);
    out += item.name + packed;
    if (item.descriptor) {
      put_raw<std::uint32_t>(out, 0x08074b50);
      put_raw<std::uint32_t>(out, crc(item.content));
      put_raw<std::uint32_t>(out, static_cast<std::uint32_t>(packed.size()));
      put_raw<std::uint32_t>(out, static_cast<std::uint32_t>(item.content.size()));
    }
    put_raw<std::uint32_t>(central, 0x02014b50);
    put_raw<std::uint16_t>(central, 20);
    put_raw<std::uint16_t>(central, 20);
    put_common(central, item, packed.size(), true, item.zip64 ? 28 : 0);
    central.append(10, '\0');
    put_raw<std::uint32_t>(central, item.zip64 ? 0xffffffff : static_cast<std::uint32_t>(at));
    central += item.name;
    if (item.zip64) {
      put_raw<std::uint16_t>(central, 1);
      put_raw<std::uint16_t>(central, 24);
      put_raw<std::uint64_t>(central, item.content.size());
      put_raw<std::uint64_t>(central, packed.size());
      put_raw<std::uint64_t>(central, at);
    }
    zip64 = zip64 || item.zip64;
  }
  const std::size_t central_at = out.size();
  out += central;
  put_end(out, items.size(), central_at, zip64);
  return out;
}

std::string make_safetensors(const std::string& header, const std::string& data) {
  std::string out;
  put_raw<std::uint64_t>(out, header.size());
  return out + header + data;
}

std::string make_npy(const std::string& header, const std::string& data, int version) {
  std::string out = "\x93NUMPY";
  out += static_cast<char>(version);
  out += '\0';
  if (version == 1)
    put_raw<std::uint16_t>(out, static_cast<std::uint16_t>(header.size()));
  else
    put_raw<std::uint32_t>(out, static_cast<std::uint32_t>(header.size()));
  return out + header + data;
}

PickleMaker& PickleMaker::proto(int version) {
  out_ += '\x80';
  out_ += static_cast<char>(version);
  return *this;
}
PickleMaker& PickleMaker::op(char opcode) {
  out_ += opcode;
  return *this;
}
PickleMaker& PickleMaker::text(std::string_view value) {
  out_ += 'X';
  put_raw<std::uint32_t>(out_, static_cast<std::uint32_t>(value.size()));
  out_ += value;
  return *this;
}
PickleMaker& PickleMaker::integer(std::int32_t value) {
  out_ += 'J';
  put_raw(out_, value);
  return *this;
}
PickleMaker& PickleMaker::global(std::string_view module, std::string_view name) {
  out_ += 'c';
  out_.append(module).append("\n").append(name).append("\n");
  return *this;
}
PickleMaker& PickleMaker::put(std::uint8_t index) {
  out_ += 'q';
  out_ += static_cast<char>(index);
  return *this;
}
PickleMaker& PickleMaker::get(std::uint8_t index) {
  out_ += 'h';
  out_ += static_cast<char>(index);
  return *this;
}
PickleMaker& PickleMaker::storage(std::string_view type, std::string_view key,
                                  std::int32_t elements) {
  op('(').text("storage").global("torch", type).text(key).text("cpu").integer(elements);
  return op('t').op('Q');
}
PickleMaker& PickleMaker::tuple(std::initializer_list<std::int32_t> values) {
  op('(');
  for (const std::int32_t value : values) integer(value);
  return op('t');
}
PickleMaker& PickleMaker::tensor(std::string_view type, std::string_view key, std::int32_t elements,
                                 std::int32_t offset, std::initializer_list<std::int32_t> shape,
                                 std::initializer_list<std::int32_t> strides) {
  global("torch._utils", "_rebuild_tensor_v2").op('(').storage(type, key, elements);
  integer(offset).tuple(shape).tuple(strides);
  op('\x89').global("collections", "OrderedDict").op(')').op('R');
  return op('t').op('R');
}
std::string PickleMaker::stop() {
  return out_ + '.';
}

std::string make_torch(const std::string& pickle,
                       const std::vector<std::pair<std::string, std::string>>& records,
                       bool torchscript) {
  std::vector<ZipItem> items = {{"m/data.pkl", pickle}};
  for (const auto& [key, data] : records) items.push_back({"m/data/" + key, data});
  if (torchscript) items.push_back({"m/constants.pkl", PickleMaker().proto().op(')').stop()});
  items.push_back({"m/version", "3\n"});
  return make_zip(items);
}

}  // namespace canter::test
