#include "canter/anim/clip_file.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "canter/base/bytes.h"
#include "canter/base/hash.h"

namespace canter {
namespace {

constexpr std::array<char, 8> kMagic = {'C', 'A', 'N', 'T', 'C', 'L', 'I', 'P'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 24;  // magic, version, number of chunks, checksum
constexpr std::size_t kMaxChunks = 1024;
constexpr std::size_t kMaxText = 1 << 20;
constexpr std::size_t kMaxEndSites = 1 << 16;

// Smallest encoded forms, to hold counts against the bytes that remain.
constexpr std::size_t kMinChunkBytes = 4 + 1 + 4;
constexpr std::size_t kMinJointBytes = 4 + 1 + 2 + sizeof(Transform);
constexpr std::size_t kEndSiteBytes = 4 + sizeof(Vec3);

// --- skeleton chunk

std::vector<std::byte> write_skeleton(const Skeleton& skeleton) {
  ByteWriter out;
  out.put(static_cast<std::uint32_t>(skeleton.num_joints()));
  for (int j = 0; j < skeleton.num_joints(); ++j) {
    out.put_text(skeleton.name(j));
    out.put(static_cast<std::int16_t>(skeleton.parent(j)));
    out.put(skeleton.rest_pose()[static_cast<std::size_t>(j)]);
  }
  out.put(static_cast<std::uint32_t>(skeleton.end_sites().size()));
  for (const EndSite& site : skeleton.end_sites()) {
    out.put(static_cast<std::int32_t>(site.joint));
    out.put(site.offset);
  }
  out.put(static_cast<std::uint32_t>(skeleton.has_scale()));
  return out.take();
}

Result<Skeleton> read_skeleton(std::span<const std::byte> bytes, std::size_t base) {
  ByteReader in(bytes, "skeleton", base);
  SkeletonDesc desc;
  desc.joints.resize(in.get_count(kMinJointBytes, kMaxJoints, "number of joints"));
  for (SkeletonDesc::Joint& joint : desc.joints) {
    joint.name = in.get_text(kMaxJointNameBytes, "length of a joint's name");
    joint.parent = in.get<std::int16_t>("parent");
    joint.rest = in.get<Transform>("rest pose");
    if (&joint - desc.joints.data() <= joint.parent)
      in.fail(ErrorCode::bad_value, "joint '" + joint.name + "' comes before its parent");
  }
  desc.end_sites.resize(in.get_count(kEndSiteBytes, kMaxEndSites, "number of end sites"));
  for (EndSite& site : desc.end_sites) {
    site.joint = in.get<std::int32_t>("joint of an end site");
    site.offset = in.get<Vec3>("offset of an end site");
  }
  desc.has_scale = in.get<std::uint32_t>("scale flag") != 0;
  if (!in.ok()) return in.error();
  return make_skeleton(desc);
}

// --- the file

struct RawChunk {
  std::string name;
  std::span<const std::byte> bytes;
  std::size_t base = 0;  // in the file
};

void put_chunk(ByteWriter& out, std::string_view name, std::span<const std::byte> bytes) {
  out.put_text(name);
  out.put(static_cast<std::uint32_t>(bytes.size()));
  out.put_bytes(bytes.data(), bytes.size());
}

Result<std::vector<RawChunk>> read_chunks(std::span<const std::byte> file) {
  ByteReader in(file, "clip file");
  const auto magic = in.get<std::array<char, 8>>("magic");
  if (in.ok() && magic != kMagic)
    in.fail(ErrorCode::bad_format, "this is not a .clip file: it does not start with CANTCLIP");
  const auto version = in.get<std::uint32_t>("version");
  if (in.ok() && version != kVersion)
    in.fail(ErrorCode::unsupported, "format version " + std::to_string(version) +
                                        "; this build reads version " + std::to_string(kVersion));
  const auto num_chunks = static_cast<std::size_t>(in.get<std::uint32_t>("number of chunks"));
  const auto checksum = in.get<std::uint64_t>("checksum");
  if (!in.ok()) return in.error();
  if (num_chunks > kMaxChunks || num_chunks * kMinChunkBytes > in.remaining())
    return Error{ErrorCode::limit, "clip file: byte 12: " + std::to_string(num_chunks) +
                                       " chunks cannot fit in " + std::to_string(in.remaining()) +
                                       " bytes"};
  if (hash_bytes(file.data() + kHeaderBytes, file.size() - kHeaderBytes) != checksum)
    return Error{ErrorCode::bad_format,
                 "clip file: byte 16: the checksum does not match; the file is damaged or cut off"};

  std::vector<RawChunk> chunks(num_chunks);
  for (RawChunk& chunk : chunks) {
    chunk.name = in.get_text(255, "length of a chunk's name");
    if (chunk.name.empty()) in.fail(ErrorCode::bad_value, "a chunk without a name");
    const std::size_t size = in.get_count(1, file.size(), "size of a chunk");
    chunk.base = in.position();
    chunk.bytes = in.get_bytes(size, "chunk");
  }
  if (!in.ok()) return in.error();
  return chunks;
}

Result<RawChunk> required(const std::vector<RawChunk>& chunks, std::string_view name) {
  for (const RawChunk& chunk : chunks)
    if (chunk.name == name) return chunk;
  return Error{ErrorCode::bad_format,
               "clip file: the chunk '" + std::string(name) + "' is missing"};
}

bool is_own(std::string_view name) {
  return name == "skeleton" || name == "clip" || name == "info";
}

}  // namespace

const ClipChunk* ClipFile::find(std::string_view chunk_name) const {
  for (const ClipChunk& chunk : chunks)
    if (chunk.name == chunk_name) return &chunk;
  return nullptr;
}

bool is_clip_file(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() &&
         std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

std::vector<std::byte> save_clip_file(const ClipFile& file) {
  assert(file.clip.skeleton_hash() == file.skeleton.hash());
  ByteWriter info;
  info.put_text(std::string_view(file.name).substr(0, kMaxText));
  info.put_text(std::string_view(file.provenance).substr(0, kMaxText));

  ByteWriter body;
  put_chunk(body, "info", info.take());
  put_chunk(body, "skeleton", write_skeleton(file.skeleton));
  put_chunk(body, "clip", file.clip.data());
  for (const ClipChunk& chunk : file.chunks) {
    assert(!chunk.name.empty() && chunk.name.size() <= 255 && !is_own(chunk.name));
    put_chunk(body, chunk.name, chunk.bytes);
  }
  const std::vector<std::byte> bytes = body.take();

  ByteWriter out;
  out.put(kMagic);
  out.put(kVersion);
  out.put(static_cast<std::uint32_t>(3 + file.chunks.size()));
  out.put(hash_bytes(bytes.data(), bytes.size()));
  out.put_bytes(bytes.data(), bytes.size());
  return out.take();
}

Result<ClipFile> load_clip_file(std::span<const std::byte> bytes) {
  const Result<std::vector<RawChunk>> chunks = read_chunks(bytes);
  if (!chunks) return chunks.error();
  const Result<RawChunk> info = required(*chunks, "info");
  const Result<RawChunk> skeleton_chunk = required(*chunks, "skeleton");
  const Result<RawChunk> clip_chunk = required(*chunks, "clip");
  if (!info) return info.error();
  if (!skeleton_chunk) return skeleton_chunk.error();
  if (!clip_chunk) return clip_chunk.error();

  ClipFile file;
  ByteReader in(info->bytes, "info", info->base);
  file.name = in.get_text(kMaxText, "length of the name");
  file.provenance = in.get_text(kMaxText, "length of the provenance");
  if (!in.ok()) return in.error();

  Result<Skeleton> skeleton = read_skeleton(skeleton_chunk->bytes, skeleton_chunk->base);
  if (!skeleton) return skeleton.error();
  file.skeleton = std::move(*skeleton);

  Result<Clip> clip = load_clip(clip_chunk->bytes, file.skeleton);
  if (!clip) return clip.error();
  file.clip = std::move(*clip);

  for (const RawChunk& chunk : *chunks)
    if (!is_own(chunk.name))
      file.chunks.push_back({chunk.name, {chunk.bytes.begin(), chunk.bytes.end()}});
  return file;
}

}  // namespace canter
