#include "model/control_io.h"

#include <algorithm>
#include <array>
#include <coroutine>

#include "model/mesh.h"

namespace biotope {

namespace {

// One request that a coroutine waits for. It resumes from the executor, never in the middle of the
// request path.
class Request {
 public:
  Request(Consumer& edge, Command command) : edge_(edge) {
    bio_.command = command;
    bio_.caller1 = this;
    bio_.done = [](Bio& bio) { static_cast<Request*>(bio.caller1)->answered(); };
  }
  Bio& bio() { return bio_; }

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    edge_.geom().mesh().submit(bio_, edge_);
  }
  int await_resume() const { return bio_.error; }

  // What went wrong, in words that name the edge.
  tl::unexpected<Error> failure() const { return fail(bio_.error, failure_); }

 private:
  // The edge may be gone when it is time to resume.
  void answered() {
    if (bio_.error != 0) {
      failure_ = sentence(edge_.name(), ": ", command_name(bio_.command), " of ", bio_.length_bytes,
                          " bytes at ", bio_.offset_bytes, " failed with errno ", bio_.error);
    }
    later_.post([waiting = waiting_] { waiting.resume(); });
  }

  Consumer& edge_;
  Lifeline later_{edge_.geom().mesh().executor()};
  Bio bio_;
  std::string failure_;
  std::coroutine_handle<> waiting_;
};

}  // namespace

Task<Result<Bytes>> read(Consumer& edge, std::int64_t offset_bytes, std::int64_t length_bytes) {
  Bytes bytes(static_cast<std::size_t>(std::max<std::int64_t>(length_bytes, 0)));
  Request request(edge, Command::read);
  request.bio().offset_bytes = offset_bytes;
  request.bio().length_bytes = length_bytes;
  request.bio().data = Data(bytes.data());
  if (co_await request != 0) co_return request.failure();
  co_return bytes;
}

Task<Status> write(Consumer& edge, std::int64_t offset_bytes, std::span<const std::byte> data) {
  Request request(edge, Command::write);
  request.bio().offset_bytes = offset_bytes;
  request.bio().length_bytes = static_cast<std::int64_t>(data.size());
  request.bio().data = Data(const_cast<std::byte*>(data.data()));
  if (co_await request != 0) co_return request.failure();
  co_return Status{};
}

Task<Status> remove(Consumer& edge, std::int64_t offset_bytes, std::int64_t length_bytes) {
  Request request(edge, Command::remove);
  request.bio().offset_bytes = offset_bytes;
  request.bio().length_bytes = length_bytes;
  if (co_await request != 0) co_return request.failure();
  co_return Status{};
}

Task<Status> flush(Consumer& edge) {
  Request request(edge, Command::flush);
  if (co_await request != 0) co_return request.failure();
  co_return Status{};
}

Task<Result<Bytes>> get_attribute(Consumer& edge, const char* name, std::int64_t length_bytes) {
  Bytes bytes(static_cast<std::size_t>(std::max<std::int64_t>(length_bytes, 0)));
  Request request(edge, Command::getattr);
  request.bio().length_bytes = length_bytes;
  request.bio().attribute = name;
  request.bio().data = Data(bytes.data());
  if (co_await request != 0) co_return request.failure();
  co_return bytes;
}

Task<Result<std::string>> get_attribute_text(Consumer& edge, const char* name) {
  const Result<Bytes> bytes = co_await get_attribute(edge, name, kAttributeTextBytes);
  if (!bytes) co_return pass_on(bytes);
  const auto end = std::find(bytes->begin(), bytes->end(), std::byte{0});
  co_return std::string(reinterpret_cast<const char*>(bytes->data()),
                        static_cast<std::size_t>(end - bytes->begin()));
}

Task<void> sleep(Executor& executor, std::int64_t delay_ns) {
  struct Wait {
    Lifeline later;
    std::int64_t delay_ns;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      later.after(delay_ns, [waiting] { waiting.resume(); });
    }
    void await_resume() const {}
  };
  Wait wait{Lifeline(executor), delay_ns};
  co_await wait;
}

Verdict answer_attribute(Bio& bio, std::span<const std::byte> value) {
  if (bio.length_bytes != static_cast<std::int64_t>(value.size())) return Verdict::done(EFAULT);
  bio.data.copy_in(value);
  bio.completed_bytes = bio.length_bytes;
  return Verdict::done();
}

Verdict answer_attribute(Bio& bio, std::string_view text) {
  std::array<std::byte, kAttributeTextBytes> value{};
  std::memcpy(value.data(), text.data(), std::min(text.size(), value.size() - 1));
  return answer_attribute(bio, std::span<const std::byte>(value));
}

}  // namespace biotope
