// What a member lacks is worked out from the others; and whether they all fit together.
#include <algorithm>

#include "classes/parity/group.h"
#include "classes/parity/parity_class.h"
#include "classes/parity/xor.h"
#include "model/control_io.h"

namespace biotope::parity {

namespace {

// For how long after a request the array counts as used.
constexpr std::int64_t kInUse_ns = 100'000'000;

Task<void> stay_and_run(Group* group, std::function<Task<void>()> job) {
  const Stay stay(*group);
  co_await job();
}

}  // namespace

struct Group::Scrub {
  bool mend;
  std::function<void(Result<ScrubReport>)> then;
  ScrubReport report = {};
};

Group::Range Group::rows_over(Range block) const {
  const auto data_members = static_cast<std::int64_t>(count() - 1);
  return {block.offset_bytes * data_members, block.length_bytes * data_members};
}

// Whoever uses the array goes first: as long as requests come, copies keep to their rate.
Task<void> Group::pause(std::int64_t length_bytes) {
  const std::int64_t now_ns = mesh().executor().now_ns();
  if (requests_ != requests_at_block_) in_use_until_ns_ = now_ns + kInUse_ns;
  requests_at_block_ = requests_;
  copy_free_at_ns_ = std::max(copy_free_at_ns_, now_ns);
  const std::int64_t wait_ns = copy_free_at_ns_ - now_ns;
  if (now_ns < in_use_until_ns_) {
    const std::int64_t rate = std::max<std::int64_t>(tuning_.copy_busy_bytes_per_s, 1);
    copy_free_at_ns_ += length_bytes * 1'000'000 / rate * 1'000;
  }
  if (wait_ns > 0) co_await sleep(mesh().executor(), wait_ns);
}

// The XOR of what all members but `except` have there; count() for none.
Task<Result<Bytes>> Group::read_others(std::size_t except, Range block) {
  Bytes sum;
  for (std::size_t i = 0; i < count(); ++i) {
    if (i == except) continue;
    if (!good(i)) co_return fail(EIO, title(), " misses member ", i);
    Result<Bytes> bytes =
        co_await biotope::read(*members_[i].edge, block.offset_bytes, block.length_bytes);
    if (!bytes) co_return bytes;
    if (sum.empty()) {
      sum = std::move(*bytes);
    } else {
      xor_into(sum.data(), bytes->data(), sum.size());
    }
  }
  co_return sum;
}

// Copies -----------------------------------------------------------------------------------------

void Group::want_copy(std::size_t index) {
  const std::uint32_t number = members_[index].number;
  note(sentence(members_[index].provider, " gets a copy of ", self_.member_bytes(), " bytes of ",
                title()));
  mending_.post([this, index, number] {
    return stay_and_run(this, [this, index, number] { return copy_job(index, number); });
  });
}

// Before and after a block is copied every write goes to the member as well; while it is copied no
// write enters its rows. So each byte either fits already or is made to, once and for all.
Task<void> Group::copy_job(std::size_t index, std::uint32_t number) {
  Status how;
  const std::int64_t end = self_.member_bytes();
  for (std::int64_t at = 0; how && at < end; at += block_bytes()) {
    const Range block{at, std::min(block_bytes(), end - at)};
    co_await pause(block.length_bytes);
    how = co_await copy_block(index, number, block);
  }
  if (find(index, number) == nullptr || state_ != State::running) co_return;
  if (how) co_return post([this, index, number] { return finish_copy(index, number); });
  lose(index, how.error().code == ENXIO ? Loss::gone : Loss::broken,
       sentence("its copy failed: ", how.error().text));
}

Task<Status> Group::copy_block(std::size_t index, std::uint32_t number, Range block) {
  const Range rows = rows_over(block);
  array::Traffic::Claim claim(traffic_, rows.offset_bytes, rows.length_bytes);
  co_await claim.granted();
  if (find(index, number) == nullptr || state_ != State::running) {
    co_return fail(ENXIO, "the disk has left ", title());
  }
  Result<Bytes> sum = co_await read_others(index, block);
  if (!sum) co_return pass_on(sum);
  if (find(index, number) == nullptr) co_return fail(ENXIO, "the disk has left ", title());
  co_return co_await biotope::write(*members_[index].edge, block.offset_bytes, *sum);
}

// The member has everything; when that is stable it may say so, and when all have said so it is
// good for whoever finds them.
Task<void> Group::finish_copy(std::size_t index, std::uint32_t number) {
  const Member* m = find(index, number);
  if (m == nullptr || m->state != Member::State::copying || state_ != State::running) co_return;
  busy_ = true;
  refresh();
  Status flushed = co_await biotope::flush(*m->edge);
  if (!flushed && flushed.error().code == EOPNOTSUPP) flushed = Status{};
  m = find(index, number);
  if (m != nullptr && state_ == State::running) {
    if (!flushed) {
      lose(index, flushed.error().code == ENXIO ? Loss::gone : Loss::broken,
           sentence("its copy can not be finished: ", flushed.error().text));
    } else {
      members_[index].state = Member::State::good;
      refresh();
      note(sentence(m->provider, " has everything that ", title(), " needs"));
      raise_ = raise_ == Raise::no ? Raise::syncid : raise_;
      raise();
      const Status recorded = co_await record_all();
      if (!recorded && state_ == State::running) {
        co_return end(sentence("what it is can not be noted: ", recorded.error().text));
      }
    }
  }
  settled();
}

// Scrubs -----------------------------------------------------------------------------------------

void Group::scrub(bool mend, std::function<void(Result<ScrubReport>)> then) {
  auto scrub = std::make_shared<Scrub>(Scrub{mend, std::move(then)});
  mending_.post([this, scrub = std::move(scrub)] {
    return stay_and_run(this, [this, scrub] { return scrub_all(scrub); });
  });
}

Task<void> Group::scrub_all(std::shared_ptr<Scrub> scrub) {
  Status fine = in_service("be scrubbed");
  const std::int64_t end = self_.member_bytes();
  for (std::int64_t at = 0; fine && at < end; at += block_bytes()) {
    const Range block{at, std::min(block_bytes(), end - at)};
    co_await pause(block.length_bytes);
    fine = co_await scrub_block(*scrub, block);
  }
  if (fine) {
    scrub->then(scrub->report);
  } else {
    scrub->then(pass_on(fine));
  }
}

Task<Status> Group::scrub_block(Scrub& scrub, Range block) {
  const Range rows = rows_over(block);
  array::Traffic::Claim claim(traffic_, rows.offset_bytes, rows.length_bytes);
  co_await claim.granted();
  if (const Status fine = in_service("be scrubbed"); !fine) co_return fine;
  if (!complete()) {
    co_return fail(EBUSY, title(),
                   " can not be scrubbed: without all members there is nothing to "
                   "compare with");
  }
  Result<Bytes> sum = co_await read_others(count(), block);
  if (!sum) co_return pass_on(sum);
  scrub.report.compared_bytes += block.length_bytes;
  if (all_zero(sum->data(), sum->size())) co_return Status{};
  scrub.report.differing_bytes += block.length_bytes;
  if (!scrub.mend || !complete()) co_return Status{};
  const std::size_t parity = parity_at(block.offset_bytes);
  const std::uint32_t number = members_[parity].number;
  const Result<Bytes> now =
      co_await biotope::read(*members_[parity].edge, block.offset_bytes, block.length_bytes);
  if (!now) co_return pass_on(now);
  xor_into(sum->data(), now->data(), sum->size());
  if (find(parity, number) == nullptr) co_return fail(ENXIO, "a disk has left ", title());
  const Status written = co_await biotope::write(*members_[parity].edge, block.offset_bytes, *sum);
  if (written) scrub.report.repaired_bytes += block.length_bytes;
  if (!written && find(parity, number) != nullptr) {
    lose(parity, written.error().code == ENXIO ? Loss::gone : Loss::broken,
         sentence("it can not be repaired: ", written.error().text));
  }
  co_return Status{};
}

// After an unclean stop. Until it is done the members are not called clean.
void Group::make_it_fit() {
  scrub(true, [this](const Result<ScrubReport>& report) {
    if (!report && complete()) return note(report.error().text);
    unfit_ = false;
    if (state_ == State::running) watch_idle();
  });
}

}  // namespace biotope::parity
