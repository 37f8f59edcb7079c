// The other end of expect-tensor's workerEngine: loads networks into ncnn and runs them, as it is asked on its standard input.
//
// One file, to be compiled against the ncnn that ships, 20211208 or newer, for Linux, Android or macOS: `npx expect-tensor device-worker --help`
// has the lines. It is C++11 and needs neither exceptions nor RTTI, which ncnn's builds for Android have off.
//
// Requests come on standard input, answers leave on what was standard output: the length of a JSON header as a little-endian 32-bit word,
// the header, then the bytes of the tensors, whose lengths the header gives under "parts". Nothing that comes in is trusted: what is no
// message ends the program with a sentence, what is no sensible request is answered with one.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__ANDROID__)
#include <sys/system_properties.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

// Where ncnn was installed, or in its own source tree.
#if defined(__has_include)
#if __has_include("ncnn/net.h")
#define NCNN_HEADERS_IN_A_FOLDER 1
#endif
#endif
#if NCNN_HEADERS_IN_A_FOLDER
#include "ncnn/c_api.h"
#include "ncnn/cpu.h"
#include "ncnn/datareader.h"
#include "ncnn/net.h"
#if NCNN_VULKAN
#include "ncnn/gpu.h"
#endif
#else
#include "c_api.h"
#include "cpu.h"
#include "datareader.h"
#include "net.h"
#if NCNN_VULKAN
#include "gpu.h"
#endif
#endif

#if !NCNN_STRING || !NCNN_STDIO || (defined(NCNN_C_API) && !NCNN_C_API)
#error "expect-tensor's worker needs an ncnn with NCNN_STRING, NCNN_STDIO and NCNN_C_API, which are on by default"
#endif

// What newer versions of ncnn tell of a processor. Called from within ncnn's namespace, these are ncnn's own where it has them.
inline int cpu_support_arm_asimdhp() { return 0; }
inline int cpu_support_arm_asimddp() { return 0; }
inline int cpu_support_arm_asimdfhm() { return 0; }
inline int cpu_support_arm_bf16() { return 0; }
inline int cpu_support_arm_i8mm() { return 0; }
inline int cpu_support_arm_sve2() { return 0; }
inline int cpu_support_x86_avx2() { return 0; }
inline int cpu_support_x86_f16c() { return 0; }
inline int cpu_support_x86_avx512() { return 0; }
inline int cpu_support_x86_avx512_bf16() { return 0; }
inline int cpu_support_x86_avx512_fp16() { return 0; }
inline int cpu_support_riscv_v() { return 0; }
inline int cpu_support_riscv_zfh() { return 0; }

namespace ncnn {
namespace expect_tensor {

static std::vector<std::string> processor_features() {
  const std::pair<const char*, int> all[] = {
      {"fp16", cpu_support_arm_asimdhp()},         {"dotprod", cpu_support_arm_asimddp()},
      {"fhm", cpu_support_arm_asimdfhm()},         {"bf16", cpu_support_arm_bf16()},
      {"i8mm", cpu_support_arm_i8mm()},            {"sve2", cpu_support_arm_sve2()},
      {"avx2", cpu_support_x86_avx2()},            {"f16c", cpu_support_x86_f16c()},
      {"avx512", cpu_support_x86_avx512()},        {"avx512_bf16", cpu_support_x86_avx512_bf16()},
      {"avx512_fp16", cpu_support_x86_avx512_fp16()}, {"rvv", cpu_support_riscv_v()},
      {"zfh", cpu_support_riscv_zfh()},
  };
  std::vector<std::string> found;
  for (const auto& feature : all)
    if (feature.second) found.push_back(feature.first);
  return found;
}

}  // namespace expect_tensor
}  // namespace ncnn

namespace {

/** How messages look; what sends them has to know the same number. */
const int protocol = 1;

/** Why a request cannot be answered. `code` is one of expect-tensor's codes of errors. */
struct Refusal {
  std::string message;
  const char* code;

  explicit operator bool() const { return !message.empty(); }
};

const Refusal accepted = {"", ""};

Refusal failed(const std::string& message) { return {message, "runtime-failed"}; }
Refusal malformed(const std::string& message) { return {"a request that is none: " + message, "runtime-failed"}; }

// ---------------------------------------------------------------------------------------------------------------------- bytes

/** Memory that is asked for before it is written to: where there is none, that is an answer and no crash. A zero follows the bytes. */
class Bytes {
 public:
  Bytes() : data_(nullptr), size_(0) {}
  Bytes(Bytes&& other) : data_(other.data_), size_(other.size_) { other.data_ = nullptr; other.size_ = 0; }
  Bytes& operator=(Bytes&& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { free(data_); }

  bool allocate(uint64_t size) {
    free(data_);
    data_ = nullptr;
    size_ = 0;
    if (size >= SIZE_MAX) return false;
    data_ = static_cast<unsigned char*>(malloc(static_cast<size_t>(size) + 1));
    if (data_ == nullptr) return false;
    size_ = static_cast<size_t>(size);
    data_[size_] = 0;
    return true;
  }
  unsigned char* data() { return data_; }
  const unsigned char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  unsigned char* data_;
  size_t size_;
};

/** False where the file ends, or cannot be read. */
bool read_exactly(int file, void* target, size_t length) {
  char* at = static_cast<char*>(target);
  while (length > 0) {
    const ssize_t got = read(file, at, length < (1u << 30) ? length : (1u << 30));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    length -= static_cast<size_t>(got);
  }
  return true;
}

bool write_exactly(int file, const void* source, size_t length) {
  const char* at = static_cast<const char*>(source);
  while (length > 0) {
    const ssize_t put = write(file, at, length < (1u << 30) ? length : (1u << 30));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    at += put;
    length -= static_cast<size_t>(put);
  }
  return true;
}

// ----------------------------------------------------------------------------------------------------------------------- JSON

struct Json {
  enum Kind { null, boolean, number, text, array, object };

  Kind kind = null;
  /** 0 or 1 for a boolean. */
  double value = 0;
  std::string string;
  std::vector<Json> items;
  /** Of an object: the names of its items. */
  std::vector<std::string> names;

  /** What an object has under a name; null where it has nothing. */
  const Json& operator[](const char* name) const {
    static const Json nothing;
    for (size_t i = 0; i < names.size(); i++)
      if (names[i] == name) return items[i];
    return nothing;
  }
  /** Whether it is an integer within these bounds, inclusive. */
  bool is_integer(double least, double most) const {
    return kind == number && value >= least && value <= most && value == floor(value);
  }
};

class JsonParser {
 public:
  JsonParser(const char* begin, const char* end) : at_(begin), end_(end) {}

  bool parse(Json& result) { return parse_value(result, 0) && (skip_space(), at_ == end_); }

 private:
  static const int deepest = 32;
  const char* at_;
  const char* const end_;

  void skip_space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) at_++;
  }
  bool take(char expected) {
    skip_space();
    if (at_ == end_ || *at_ != expected) return false;
    at_++;
    return true;
  }
  bool take_word(const char* word) {
    const size_t length = strlen(word);
    if (static_cast<size_t>(end_ - at_) < length || memcmp(at_, word, length) != 0) return false;
    at_ += length;
    return true;
  }

  bool parse_value(Json& result, int depth) {
    skip_space();
    if (at_ == end_ || depth > deepest) return false;
    switch (*at_) {
      case '{':
        return parse_object(result, depth);
      case '[':
        return parse_array(result, depth);
      case '"':
        result.kind = Json::text;
        return parse_string(result.string);
      case 'n':
        return take_word("null");
      case 't':
        result.kind = Json::boolean;
        result.value = 1;
        return take_word("true");
      case 'f':
        result.kind = Json::boolean;
        return take_word("false");
      default:
        return parse_number(result);
    }
  }

  bool parse_array(Json& result, int depth) {
    result.kind = Json::array;
    take('[');
    if (take(']')) return true;
    do {
      result.items.emplace_back();
      if (!parse_value(result.items.back(), depth + 1)) return false;
    } while (take(','));
    return take(']');
  }

  bool parse_object(Json& result, int depth) {
    result.kind = Json::object;
    take('{');
    if (take('}')) return true;
    do {
      result.names.emplace_back();
      result.items.emplace_back();
      skip_space();
      if (at_ == end_ || *at_ != '"' || !parse_string(result.names.back())) return false;
      if (!take(':') || !parse_value(result.items.back(), depth + 1)) return false;
    } while (take(','));
    return take('}');
  }

  bool parse_number(Json& result) {
    std::string digits;
    while (at_ < end_ && *at_ != 0 && strchr("+-.0123456789eE", *at_) != nullptr) digits += *at_++;
    char* rest = nullptr;
    result.kind = Json::number;
    result.value = strtod(digits.c_str(), &rest);
    return !digits.empty() && *rest == 0;
  }

  bool parse_hex(unsigned& code) {
    if (end_ - at_ < 4) return false;
    code = 0;
    for (int i = 0; i < 4; i++) {
      const char digit = *at_++;
      const char* const found = digit == 0 ? nullptr : strchr("0123456789abcdef0123456789ABCDEF", digit);
      if (found == nullptr) return false;
      code = code * 16 + static_cast<unsigned>(found - "0123456789abcdef0123456789ABCDEF") % 16;
    }
    return true;
  }

  bool parse_escape(std::string& result) {
    if (at_ == end_) return false;
    const char letter = *at_++;
    const char* const plain = letter == 0 ? nullptr : strchr("\"\\/bfnrt", letter);
    if (plain != nullptr) {
      result += "\"\\/\b\f\n\r\t"[plain - "\"\\/bfnrt"];
      return true;
    }
    unsigned code = 0;
    if (letter != 'u' || !parse_hex(code)) return false;
    unsigned low = 0;
    if (code >= 0xd800 && code < 0xdc00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
      at_ += 2;
      if (!parse_hex(low) || low < 0xdc00 || low > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(result, code);
    return true;
  }

  static void append_utf8(std::string& result, unsigned code) {
    if (code < 0x80) {
      result += static_cast<char>(code);
      return;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    const int lead = more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0;
    result += static_cast<char>(lead | (code >> (6 * more)));
    for (int i = more - 1; i >= 0; i--) result += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f));
  }

  bool parse_string(std::string& result) {
    at_++;
    while (at_ < end_ && *at_ != '"') {
      const char letter = *at_++;
      if (letter != '\\')
        result += letter;
      else if (!parse_escape(result))
        return false;
    }
    if (at_ == end_) return false;
    at_++;
    return true;
  }
};

std::string quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    const unsigned char code = static_cast<unsigned char>(letter);
    char escaped[8];
    if (letter == '"' || letter == '\\') {
      quoted += '\\';
      quoted += letter;
    } else if (code < 0x20) {
      snprintf(escaped, sizeof escaped, "\\u%04x", code);
      quoted += escaped;
    } else {
      quoted += letter;
    }
  }
  return quoted + '"';
}

/** An object that is written member by member. */
class JsonWriter {
 public:
  JsonWriter& raw(const char* name, const std::string& json) {
    text_ += text_.empty() ? "{" : ",";
    text_ += quote(name) + ":" + json;
    return *this;
  }
  JsonWriter& set(const char* name, const std::string& text) { return raw(name, quote(text)); }
  JsonWriter& set(const char* name, long long value) { return raw(name, std::to_string(value)); }
  JsonWriter& set_flag(const char* name, bool value) { return raw(name, value ? "true" : "false"); }
  std::string finish() const { return (text_.empty() ? "{" : text_) + "}"; }

 private:
  std::string text_;
};

// --------------------------------------------------------------------------------------------------------------------- frames

/** Where answers go: libraries print on standard output, too. */
int answers = -1;

const uint32_t longest_header = 1u << 26;

/** The gone reader needs no answer. */
void send(JsonWriter& header, const void* part = nullptr, size_t length = 0) {
  header.raw("parts", part == nullptr ? "[]" : "[" + std::to_string(static_cast<unsigned long long>(length)) + "]");
  const std::string json = header.finish();
  const uint32_t size = static_cast<uint32_t>(json.size());
  if (!write_exactly(answers, &size, sizeof size) || !write_exactly(answers, json.data(), json.size()) ||
      !write_exactly(answers, part, length)) {
    _exit(0);
  }
}

void send_refusal(const Refusal& refusal) {
  JsonWriter header;
  send(header.set("error", refusal.message).set("code", std::string(refusal.code)));
}

[[noreturn]] void give_up(const std::string& why) {
  fprintf(stderr, "the worker ends: %s\n", why.c_str());
  exit(2);
}

struct Request {
  Json header;
  std::vector<Bytes> parts;
  /** Why the parts could not be taken; they have been skipped. */
  Refusal refusal = accepted;
};

/** What the system can still give; the most there is where it does not say. */
uint64_t available_memory() {
#if defined(__linux__)
  FILE* const file = fopen("/proc/meminfo", "r");
  if (file == nullptr) return UINT64_MAX;
  char line[256];
  unsigned long long kibibytes = 0;
  bool found = false;
  while (!found && fgets(line, sizeof line, file) != nullptr) found = sscanf(line, "MemAvailable: %llu", &kibibytes) == 1;
  fclose(file);
  return found ? kibibytes * 1024 : UINT64_MAX;
#else
  return UINT64_MAX;
#endif
}

bool skip(uint64_t length) {
  char scratch[1 << 16];
  while (length > 0) {
    const size_t piece = length < sizeof scratch ? static_cast<size_t>(length) : sizeof scratch;
    if (!read_exactly(STDIN_FILENO, scratch, piece)) return false;
    length -= piece;
  }
  return true;
}

std::string mebibytes(uint64_t bytes) { return std::to_string(static_cast<unsigned long long>(bytes >> 20)) + " MiB"; }

Refusal too_large(uint64_t size) {
  const uint64_t available = available_memory();
  const std::string has = available == UINT64_MAX ? "" : ", and this machine has " + mebibytes(available) + " left";
  return {"it takes " + mebibytes(size) + " of memory" + has +
              ". Free some there, store the weights in 16 bits (pnnx: fp16=1), or divide the model",
          "out-of-memory"};
}

/** False at the end of the requests. What is no message ends the program: where the next one begins is not known then. */
bool receive(Request& request) {
  uint32_t length = 0;
  if (!read_exactly(STDIN_FILENO, &length, sizeof length)) return false;
  if (length > longest_header) give_up("a message has a header of " + std::to_string(length) + " bytes");
  Bytes json;
  if (!json.allocate(length)) give_up("it has no memory for a header of " + std::to_string(length) + " bytes");
  if (!read_exactly(STDIN_FILENO, json.data(), json.size())) return false;
  const char* const text = reinterpret_cast<const char*>(json.data());
  if (!JsonParser(text, text + json.size()).parse(request.header) || request.header.kind != Json::object)
    give_up("the header of a message is no JSON object");
  const Json& lengths = request.header["parts"];
  if (lengths.kind != Json::array) give_up("a message does not say how long its parts are");
  uint64_t sum = 0;
  for (const Json& part : lengths.items) {
    // 2 ** 48 fits in every integer here, and no machine has as much
    if (!part.is_integer(0, 281474976710656.0)) give_up("a message has a part of an impossible length");
    sum += static_cast<uint64_t>(part.value);
  }
  bool fits = sum < available_memory();
  for (const Json& part : lengths.items) {
    const uint64_t size = static_cast<uint64_t>(part.value);
    Bytes bytes;
    fits = fits && bytes.allocate(size);
    if (!fits) {
      request.parts.clear();
      request.refusal = too_large(sum);
      if (!skip(size)) return false;
      continue;
    }
    if (!read_exactly(STDIN_FILENO, bytes.data(), bytes.size())) return false;
    request.parts.push_back(std::move(bytes));
  }
  return true;
}

// --------------------------------------------------------------------------------------------------------------- kept files

/** SHA-256 (FIPS 180-4) in hexadecimal digits. */
class Sha256 {
 public:
  static std::string of(const Bytes& bytes) {
    Sha256 hash;
    const unsigned char* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= 64; left -= 64, at += 64) hash.add(at);
    unsigned char last[128] = {0};
    if (left > 0) memcpy(last, at, left);
    last[left] = 0x80;
    const size_t length = left < 56 ? 64 : 128;
    const uint64_t bits = static_cast<uint64_t>(bytes.size()) * 8;
    for (int i = 0; i < 8; i++) last[length - 1 - i] = static_cast<unsigned char>(bits >> (8 * i));
    for (size_t i = 0; i < length; i += 64) hash.add(last + i);
    std::string digits;
    for (const uint32_t word : hash.state_) {
      char text[9];
      snprintf(text, sizeof text, "%08x", static_cast<unsigned>(word));
      digits += text;
    }
    return digits;
  }

 private:
  uint32_t state_[8];
  uint32_t constants_[64];

  /** The first 32 bits of the fractions of the roots of the first primes: square roots to begin with, cube roots for the rounds. */
  Sha256() {
    int count = 0;
    for (int n = 2; count < 64; n++) {
      bool prime = true;
      for (int i = 2; i * i <= n; i++) prime = prime && n % i != 0;
      if (!prime) continue;
      if (count < 8) state_[count] = fraction(sqrt(static_cast<double>(n)));
      constants_[count++] = fraction(cbrt(static_cast<double>(n)));
    }
  }
  static uint32_t fraction(double x) { return static_cast<uint32_t>((x - floor(x)) * 4294967296.0); }
  static uint32_t turn(uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }

  void add(const unsigned char* block) {
    uint32_t w[64];
    for (int i = 0; i < 16; i++) {
      w[i] = static_cast<uint32_t>(block[4 * i]) << 24 | static_cast<uint32_t>(block[4 * i + 1]) << 16 |
             static_cast<uint32_t>(block[4 * i + 2]) << 8 | block[4 * i + 3];
    }
    for (int i = 16; i < 64; i++) {
      const uint32_t before = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
      const uint32_t after = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + before + w[i - 7] + after;
    }
    uint32_t v[8];
    memcpy(v, state_, sizeof v);
    for (int i = 0; i < 64; i++) {
      const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
      const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
      const uint32_t first = v[7] + (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) + choice + constants_[i] + w[i];
      const uint32_t second = (turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) + majority;
      memmove(v + 1, v, 7 * sizeof v[0]);
      v[4] += first;
      v[0] = first + second;
    }
    for (int i = 0; i < 8; i++) state_[i] += v[i];
  }
};

bool is_hash(const Json& name) {
  return name.kind == Json::text && name.string.size() == 64 &&
         name.string.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/** Reads a file that is named after its content; false where that cannot be, or it is not what it was. */
bool read_kept(const std::string& path, const std::string& name, Bytes& content) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  struct stat found;
  const bool whole = fstat(file, &found) == 0 && S_ISREG(found.st_mode) && content.allocate(static_cast<uint64_t>(found.st_size)) &&
                     read_exactly(file, content.data(), content.size());
  close(file);
  return whole && Sha256::of(content) == name;
}

/** A new file beside another. Workers in containers have the same number, and may share the folder. */
int open_beside(const std::string& path, std::string& unfinished) {
  int file = -1;
  for (int i = 0; i < 1000; i++) {
    unfinished = path + "." + std::to_string(static_cast<long>(getpid())) + "-" + std::to_string(i);
    file = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return file;
}

/** Writes a file whole or not at all. */
bool keep(const std::string& path, const Bytes& content) {
  std::string unfinished;
  const int file = open_beside(path, unfinished);
  if (file < 0) return false;
  const bool whole = write_exactly(file, content.data(), content.size());
  const int reason = errno;
  if (close(file) == 0 && whole && rename(unfinished.c_str(), path.c_str()) == 0) return true;
  if (!whole) errno = reason;
  const int kept = errno;
  unlink(unfinished.c_str());
  errno = kept;
  return false;
}

bool make_folders(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    if (mkdir(path.substr(0, end).c_str(), 0777) != 0 && errno != EEXIST && end == std::string::npos) return false;
    if (end == std::string::npos) return true;
  }
}

/**
 * A model's files, kept in a folder under their SHA-256: those that were sent, else those that are there.
 * @param missing whether one of them is not there
 */
Refusal recall(const Json& kept, std::vector<Bytes>& parts, bool& missing) {
  const bool named = kept.kind == Json::array && kept.items.size() == 2 && kept.items[0].kind == Json::text;
  if (!named || kept.items[1].kind != Json::array) return malformed("kept");
  std::string folder = kept.items[0].string;
  const char* const home = getenv("HOME");
  if (folder.compare(0, 1, "~") == 0 && (folder.size() == 1 || folder[1] == '/')) folder = (home ? home : "") + folder.substr(1);
  const std::vector<Json>& names = kept.items[1].items;
  for (const Json& name : names)
    if (!is_hash(name)) return malformed("the name of a kept file");
  const auto path = [&](size_t i) { return folder + "/" + names[i].string; };
  if (parts.empty()) {
    std::vector<Bytes> found(names.size());
    for (size_t i = 0; i < names.size() && !missing; i++) missing = !read_kept(path(i), names[i].string, found[i]);
    if (!missing) parts = std::move(found);
    return accepted;
  }
  if (parts.size() != names.size()) return malformed("as many files as names");
  bool whole = make_folders(folder);
  for (size_t i = 0; i < names.size() && whole; i++) whole = keep(path(i), parts[i]);
  if (whole) return accepted;
  return {"cannot keep model files in the folder " + folder + ": " + strerror(errno), "unreadable"};
}

// -------------------------------------------------------------------------------------------------------------------- options

/** Sets an option if this ncnn has it. */
#define OPTION(name)                                                               \
  template <typename Option>                                                       \
  auto set_##name(Option& option, int value, int) -> decltype(option.name, true) { \
    option.name = static_cast<decltype(option.name)>(value);                       \
    return true;                                                                   \
  }                                                                                \
  template <typename Option>                                                       \
  bool set_##name(Option&, int, long) {                                            \
    return false;                                                                  \
  }
#define OPTIONS                                                                                                      \
  EACH(num_threads) EACH(lightmode) EACH(openmp_blocktime) EACH(flush_denormals) EACH(use_local_pool_allocator)      \
  EACH(use_packing_layout) EACH(use_sgemm_convolution) EACH(use_winograd_convolution)                                \
  EACH(use_winograd23_convolution) EACH(use_winograd43_convolution) EACH(use_winograd63_convolution)                 \
  EACH(use_a53_a55_optimized_kernel) EACH(use_fp16_packed) EACH(use_fp16_storage) EACH(use_fp16_arithmetic)          \
  EACH(use_fp16_uniform) EACH(use_bf16_packed) EACH(use_bf16_storage) EACH(use_int8_inference) EACH(use_int8_packed) \
  EACH(use_int8_storage) EACH(use_int8_arithmetic) EACH(use_int8_uniform) EACH(use_int16_packed)                     \
  EACH(use_int16_storage) EACH(use_vulkan_compute) EACH(use_subgroup_ops) EACH(use_tensor_storage)                   \
  EACH(use_shader_local_memory) EACH(use_cooperative_matrix) EACH(use_weights_in_host_memory)                        \
  EACH(use_mapped_model_loading)

#define EACH(name) OPTION(name)
OPTIONS
#undef EACH

bool set_option(ncnn::Option& option, const std::string& name, int value) {
#define EACH(known) \
  if (name == #known) return set_##known(option, value, 0);
  OPTIONS
#undef EACH
  return false;
}

/** ncnn has this in its net, not among its options. */
const char vulkan_device_index[] = "vulkan_device_index";
const int most_threads = 1024;

Refusal set_options(ncnn::Option& option, const Json& options, int& device) {
  for (const char* const kind : {"reference", "asked"}) {
    const Json& values = options[kind];
    if (values.kind != Json::object) return malformed("options");
    for (size_t i = 0; i < values.items.size(); i++) {
      const std::string& name = values.names[i];
      if (!values.items[i].is_integer(INT_MIN, INT_MAX)) return malformed("the option " + name);
      const int value = static_cast<int>(values.items[i].value);
      if (name == "num_threads" && (value < 1 || value > most_threads))
        return {"numThreads must be between 1 and " + std::to_string(most_threads), "wrong-option"};
      const bool asked = strcmp(kind, "asked") == 0;
      if (asked && name == vulkan_device_index)
        device = value;
      else if (!set_option(option, name, value) && asked)
        return {std::string("ncnn ") + ncnn_version() + " of the worker has no option " + name, "unsupported"};
    }
  }
  return accepted;
}

/** Names the device that will compute. Without one ncnn takes the processor and does not say so. */
Refusal choose_vulkan_device(ncnn::Net& net, int index, std::string& name) {
#if NCNN_VULKAN
  const int count = ncnn::get_gpu_count();
  if (count == 0) return {"useVulkanCompute: ncnn finds no Vulkan device; a driver brings one", "unsupported"};
  if (index < 0 || index >= count) {
    return {"vulkanDeviceIndex is " + std::to_string(index) + ", but ncnn finds the devices 0 to " + std::to_string(count - 1),
            "wrong-option"};
  }
  net.set_vulkan_device(index);
  name = ncnn::get_gpu_info(index).device_name();
  return accepted;
#else
  (void)net, (void)index, (void)name;
  return {std::string("useVulkanCompute: ncnn ") + ncnn_version() + " of the worker was built without Vulkan", "unsupported"};
#endif
}

// --------------------------------------------------------------------------------------------------------------------- models

/** What is said when ncnn crashes. Written before, as little can be done then. */
char doing[512] = "was idle";

void say_doing(const std::string& what) { snprintf(doing, sizeof doing, "%s", what.c_str()); }

/** ncnn reports failure by a return code, and crashes if one goes on regardless. */
Refusal check(int code, const std::string& what) {
  return code == 0 ? accepted : failed("ncnn " + what + " (return code " + std::to_string(code) + ")");
}

/** Bytes that ncnn reads, and no more than there are. */
struct Content {
  const unsigned char* at;
  size_t left;
};

size_t read_content(ncnn_datareader_t reader, void* target, size_t size) {
  Content* const content = static_cast<Content*>(reader->pthis);
  const size_t taken = size < content->left ? size : content->left;
  if (taken > 0) memcpy(target, content->at, taken);
  content->at += taken;
  content->left -= taken;
  return taken;
}

/** By the C API: a class derived from ncnn's would need RTTI to be on or off as it was in ncnn's build. */
int load_bytes(ncnn::Net& net, const Bytes& bytes, int (ncnn::Net::*load)(const ncnn::DataReader&)) {
  Content content = {bytes.data(), bytes.size()};
  const ncnn_datareader_t reader = ncnn_datareader_create();
  void* const object = reader->pthis;
  reader->pthis = &content;
  reader->read = read_content;
  const int code = (net.*load)(*static_cast<ncnn::DataReader*>(object));
  reader->pthis = object;
  ncnn_datareader_destroy(reader);
  return code;
}

struct Model {
  ncnn::Net net;
  std::string device;
};

typedef std::map<long long, std::unique_ptr<Model>> Models;

Refusal load_model(const Json& header, const std::vector<Bytes>& parts, Model& model) {
  if (parts.size() != 2) return malformed("a model of two files");
  int device_index = 0;
  if (Refusal refusal = set_options(model.net.opt, header["options"], device_index)) return refusal;
  const bool on_gpu = model.net.opt.use_vulkan_compute;
  if (on_gpu)
    if (Refusal refusal = choose_vulkan_device(model.net, device_index, model.device)) return refusal;
  say_doing("loaded the .param");
  const bool is_text = header["text"].value != 0;
  const int code = is_text ? model.net.load_param_mem(reinterpret_cast<const char*>(parts[0].data()))
                           : load_bytes(model.net, parts[0], &ncnn::Net::load_param_bin);
  if (Refusal refusal = check(code, "cannot load the .param")) return refusal;
  say_doing("loaded the .bin");
  if (Refusal refusal = check(load_bytes(model.net, parts[1], &ncnn::Net::load_model), "cannot load the .bin")) return refusal;
  if (on_gpu && !model.net.opt.use_vulkan_compute)
    return {"ncnn cannot use the Vulkan device " + model.device + ", and would take the processor", "unsupported"};
  return accepted;
}

void answer_load(Models& models, long long number, Request& request) {
  const Json& kept = request.header["kept"];
  bool missing = false;
  if (kept.kind != Json::null)
    if (Refusal refusal = recall(kept, request.parts, missing)) return send_refusal(refusal);
  JsonWriter answer;
  if (missing) return send(answer.set_flag("missing", true));
  std::unique_ptr<Model> model(new Model);
  if (Refusal refusal = load_model(request.header, request.parts, *model)) return send_refusal(refusal);
  if (!model->device.empty()) answer.set("device", model->device);
#if NCNN_BATCH
  answer.set_flag("batches", true);
#else
  answer.set_flag("batches", false);
#endif
  models[number] = std::move(model);
  send(answer);
}

// ----------------------------------------------------------------------------------------------------------------------- runs

/** A blob by its name, or by its number where the .param is binary. */
struct BlobRef {
  const Json& reference;

  bool is_known() const { return reference.kind == Json::text || reference.is_integer(0, INT_MAX); }
  std::string quoted() const {
    return reference.kind == Json::text ? quote(reference.string) : std::to_string(static_cast<int>(reference.value));
  }
  int feed(ncnn::Extractor& extractor, const ncnn::Mat& mat) const {
    return reference.kind == Json::text ? extractor.input(reference.string.c_str(), mat)
                                        : extractor.input(static_cast<int>(reference.value), mat);
  }
  int extract(ncnn::Extractor& extractor, ncnn::Mat& mat, int type) const {
    return reference.kind == Json::text ? extractor.extract(reference.string.c_str(), mat, type)
                                        : extractor.extract(static_cast<int>(reference.value), mat, type);
  }
};

int samples_of(const ncnn::Mat& mat) {
#if NCNN_BATCH
  return mat.n;
#else
  (void)mat;
  return 1;
#endif
}

/** Runs of elements without gaps: a channel of one sample each, or a sample where there are no channels. */
template <typename Visit>
void each_channel(ncnn::Mat& mat, Visit visit) {
  const size_t channels = mat.dims > 2 ? mat.c : 1;
  const size_t length = static_cast<size_t>(mat.w) * mat.h * mat.d * mat.elemsize;
#if NCNN_BATCH
  for (int sample = 0; sample < mat.n; sample++) {
    const ncnn::Mat of = mat.batch(sample);
#else
  {
    const ncnn::Mat& of = mat;
#endif
    for (size_t q = 0; q < channels; q++) visit(static_cast<unsigned char*>(of.data) + q * of.cstep * of.elemsize, length);
  }
}

/** A new Mat; an empty one where there is no memory for it. Shapes are outermost first. */
void create(ncnn::Mat& mat, const std::vector<int>& shape, size_t element_bytes, int batch) {
  const size_t rank = shape.size();
  const int w = shape[rank - 1], h = rank > 1 ? shape[rank - 2] : 1;
  const int pack = 1;
#if NCNN_BATCH
  if (rank == 1) mat.create(w, element_bytes, pack, batch);
  if (rank == 2) mat.create(w, h, element_bytes, pack, batch);
  if (rank == 3) mat.create(w, h, shape[0], element_bytes, pack, batch);
  if (rank == 4) mat.create(w, h, shape[1], shape[0], element_bytes, pack, batch);
#else
  (void)batch;
  if (rank == 1) mat.create(w, element_bytes, pack);
  if (rank == 2) mat.create(w, h, element_bytes, pack);
  if (rank == 3) mat.create(w, h, shape[0], element_bytes, pack);
  if (rank == 4) mat.create(w, h, shape[1], shape[0], element_bytes, pack);
#endif
}

/** Copies a tensor into a Mat of ncnn's own, which is aligned as its kernels like it. */
Refusal fill_mat(const Json& step, const Bytes& bytes, ncnn::Mat& mat) {
  const Json& bits = step["bits"];
  const Json& batch = step["batch"];
  const Json& lengths = step["shape"];
  if (!bits.is_integer(8, 32) || (bits.value != 8 && bits.value != 16 && bits.value != 32)) return malformed("bits");
#if NCNN_BATCH
  if (!batch.is_integer(1, INT_MAX)) return malformed("batch");
#else
  if (!batch.is_integer(1, 1)) return {"this build of ncnn has no batches", "unsupported"};
#endif
  if (lengths.kind != Json::array || lengths.items.empty() || lengths.items.size() > 4) return malformed("shape");
  std::vector<int> shape;
  double total = batch.value * bits.value / 8;
  for (const Json& length : lengths.items) {
    if (!length.is_integer(1, INT_MAX)) return malformed("shape");
    shape.push_back(static_cast<int>(length.value));
    total *= length.value;
  }
  if (total != static_cast<double>(bytes.size())) return malformed("a tensor's bytes do not go with its shape");
  create(mat, shape, static_cast<size_t>(bits.value) / 8, static_cast<int>(batch.value));
  if (mat.empty()) return too_large(bytes.size());
  const unsigned char* at = bytes.data();
  each_channel(mat, [&](unsigned char* target, size_t length) {
    memcpy(target, at, length);
    at += length;
  });
  return accepted;
}

/** Extracts a blob; int8 ones as they are, which ncnn would widen, others as ncnn hands them to its users. */
Refusal extract_blob(ncnn::Extractor& extractor, const BlobRef& blob, ncnn::Mat& mat) {
  const std::string what = "cannot compute blob " + blob.quoted();
  if (Refusal refusal = check(blob.extract(extractor, mat, 1), what)) return refusal;
  // Nothing was detected, for instance. Asked again, ncnn would run the layer again, whose inputs light mode has freed.
  if (mat.dims == 0 || mat.empty()) return accepted;
  if (mat.elembits() != 8)
    if (Refusal refusal = check(blob.extract(extractor, mat, 0), what)) return refusal;
  if (mat.elempack == 1) return accepted;
  ncnn::Mat unpacked;
  ncnn::convert_packing(mat, unpacked, 1);
  mat = unpacked;
  return mat.empty() ? failed("ncnn has no memory to unpack blob " + blob.quoted()) : accepted;
}

/** Sends a blob's elements, without the gaps that ncnn leaves between channels. */
Refusal send_blob(const BlobRef& blob, ncnn::Mat& mat) {
  JsonWriter header;
  header.set_flag("more", true);
  if (mat.dims == 0 || mat.empty()) {
    send(header.raw("shape", "[0]").set("bits", 32).set("batch", 1), "", 0);
    return accepted;
  }
  const size_t element_bytes = mat.elemsize;
  if (element_bytes != 1 && element_bytes != 2 && element_bytes != 4) {
    return failed("ncnn gave blob " + blob.quoted() + ", whose elements have " + std::to_string(element_bytes) +
                  " bytes; expected 1, 2 or 4");
  }
  const int lengths[4] = {mat.c, mat.d, mat.h, mat.w};
  std::string shape;
  for (int i = 0; i < 4; i++) {
    const bool has = i == 0 ? mat.dims > 2 : i == 1 ? mat.dims > 3 : i == 2 ? mat.dims > 1 : true;
    if (has) shape += (shape.empty() ? "[" : ",") + std::to_string(lengths[i]);
  }
  size_t size = 0;
  each_channel(mat, [&](const unsigned char*, size_t length) { size += length; });
  Bytes bytes;
  if (!bytes.allocate(size)) return too_large(size);
  unsigned char* at = bytes.data();
  each_channel(mat, [&](const unsigned char* source, size_t length) {
    memcpy(at, source, length);
    at += length;
  });
  header.raw("shape", shape + "]").set("bits", static_cast<long long>(8 * element_bytes)).set("batch", samples_of(mat));
  send(header, bytes.data(), bytes.size());
  return accepted;
}

Refusal run_steps(const ncnn::Net& net, const Json& steps, const std::vector<Bytes>& parts) {
  if (steps.kind != Json::array) return malformed("steps");
  ncnn::Extractor extractor = net.create_extractor();
  size_t next = 0;
  for (const Json& step : steps.items) {
    const bool is_input = step["input"].kind != Json::null;
    const BlobRef blob = {is_input ? step["input"] : step["extract"]};
    if (!blob.is_known()) return malformed("a step without a blob");
    ncnn::Mat mat;
    if (is_input) {
      if (next == parts.size()) return malformed("an input without a tensor");
      if (Refusal refusal = fill_mat(step, parts[next++], mat)) return refusal;
      if (Refusal refusal = check(blob.feed(extractor, mat), "does not take an input for blob " + blob.quoted())) return refusal;
      continue;
    }
    say_doing("computed blob " + blob.quoted());
    if (Refusal refusal = extract_blob(extractor, blob, mat)) return refusal;
    say_doing("sent blob " + blob.quoted());
    if (step["keep"].value != 0)
      if (Refusal refusal = send_blob(blob, mat)) return refusal;
  }
  return accepted;
}

void answer_run(const Models& models, long long number, const Request& request) {
  const auto found = models.find(number);
  if (found == models.end()) return send_refusal(malformed("a model that was not loaded"));
  if (Refusal refusal = run_steps(found->second->net, request.header["steps"], request.parts)) return send_refusal(refusal);
  JsonWriter done;
  send(done);
}

void answer(Models& models, Request& request) {
  if (request.refusal) return send_refusal(request.refusal);
  const Json& number = request.header["model"];
  const Json& kind = request.header["request"];
  if (!number.is_integer(0, 9007199254740991.0)) return send_refusal(malformed("the number of a model"));
  const long long model = static_cast<long long>(number.value);
  if (kind.string == "load") return answer_load(models, model, request);
  if (kind.string == "run") return answer_run(models, model, request);
  if (kind.string != "close") return send_refusal(malformed("neither load, run nor close"));
  models.erase(model);
  JsonWriter done;
  send(done);
}

// ---------------------------------------------------------------------------------------------------------------- the machine

#if defined(__ANDROID__)
std::string property(const char* name) {
  char value[PROP_VALUE_MAX] = "";
  __system_property_get(name, value);
  return value;
}
#elif defined(__linux__)
/** The first line that begins so in a file of the kernel's, behind its colon. */
std::string kernel_says(const char* path, const char* beginning) {
  FILE* const file = fopen(path, "r");
  if (file == nullptr) return "";
  char line[256];
  std::string found;
  while (found.empty() && fgets(line, sizeof line, file) != nullptr) {
    if (strncmp(line, beginning, strlen(beginning)) != 0) continue;
    const char* const colon = *beginning == 0 ? nullptr : strchr(line, ':');
    found = colon == nullptr ? line : colon + 1;
  }
  fclose(file);
  return found;
}
#endif

/** What people call the machine or its processor; empty where it is not known. */
std::string machine_name() {
  std::string name;
#if defined(__ANDROID__)
  name = property("ro.product.manufacturer") + " " + property("ro.product.model");
  const std::string chip = property("ro.soc.model");
  if (!chip.empty()) name += " (" + chip + ")";
#elif defined(__APPLE__)
  char brand[128] = "";
  size_t size = sizeof brand;
  if (sysctlbyname("machdep.cpu.brand_string", brand, &size, nullptr, 0) == 0) name = brand;
#elif defined(__linux__)
  name = kernel_says("/proc/device-tree/model", "");
  if (name.empty()) name = kernel_says("/proc/cpuinfo", "model name");
#endif
  const size_t begin = name.find_first_not_of(" \t\n");
  const size_t end = name.find_last_not_of(" \t\n");
  return begin == std::string::npos ? "" : name.substr(begin, end - begin + 1);
}

void greet() {
  const char greeting[] = "expect-tensor worker\n";
  write_exactly(answers, greeting, sizeof greeting - 1);
  JsonWriter header;
  const uint16_t one = 1;
  unsigned char first = 0;
  memcpy(&first, &one, 1);
  if (first != 1) {
    send(header.set("error", std::string("its processor writes the bytes of numbers in another order")).set("code", std::string("unsupported")));
    exit(0);
  }
  struct utsname system;
  std::string features;
  for (const std::string& feature : ncnn::expect_tensor::processor_features())
    features += (features.empty() ? "[" : ",") + quote(feature);
  header.set("protocol", protocol).set("version", std::string(ncnn_version()));
  header.set("machine", std::string(uname(&system) == 0 ? system.machine : "unknown processor"));
  header.set("name", machine_name()).raw("features", (features.empty() ? "[" : features) + "]");
  send(header.set("cores", ncnn::get_cpu_count()));
}

/** Says what a crash interrupted; the crash goes on. */
void report_crash(int signal_number) {
  const char* const name = signal_number == SIGSEGV  ? "SIGSEGV"
                           : signal_number == SIGBUS ? "SIGBUS"
                           : signal_number == SIGFPE ? "SIGFPE"
                           : signal_number == SIGILL ? "SIGILL"
                                                     : "SIGABRT";
  const char* const words[] = {"ncnn crashed (", name, ") while it ", doing, "\n"};
  for (const char* const word : words) write_exactly(STDERR_FILENO, word, strlen(word));
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void report_exhaustion() {
  const char* const words[] = {"the memory of this machine ran out while ncnn ", doing, "\n"};
  for (const char* const word : words) write_exactly(STDERR_FILENO, word, strlen(word));
  _exit(3);
}

}  // namespace

int main() {
  if (isatty(STDIN_FILENO)) {
    fprintf(stderr,
            "This is the other end of expect-tensor's workerEngine, which starts it. Its standard input has to be a pipe, not a terminal: "
            "adb shell -T, ssh -T, docker run -i without -t\n");
    return 2;
  }
  answers = dup(STDOUT_FILENO);
  // What ncnn prints must not get between the answers.
  dup2(STDERR_FILENO, STDOUT_FILENO);
  signal(SIGPIPE, SIG_IGN);
  for (const int crash : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) signal(crash, report_crash);
  std::set_new_handler(report_exhaustion);
  greet();
  Models models;
  for (;;) {
    Request request;
    if (!receive(request)) return 0;
    say_doing("took a request");
    answer(models, request);
    say_doing("was idle");
  }
}
