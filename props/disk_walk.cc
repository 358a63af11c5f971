#include "props/disk_walk.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace biotope::props {

using testing::Drive;
using testing::Medium;

namespace {

constexpr std::size_t kMostLines = 400;

// A sector says all over which version of which place it is.
constexpr std::int64_t kMark = 16;

void mark(Bytes& bytes, std::int64_t sector_bytes, std::uint64_t version, std::int64_t place) {
  for (std::size_t at = 0; at < bytes.size(); at += kMark) {
    const std::int64_t here = place + static_cast<std::int64_t>(at) / sector_bytes;
    std::memcpy(&bytes[at], &version, 8);
    std::memcpy(&bytes[at + 8], &here, 8);
  }
}

}  // namespace

std::string DiskWalk::told() const {
  std::string text = complaint_;
  for (const std::string& line : story_) text += "\n  " + line;
  return text;
}

void DiskWalk::tell(const std::string& line) {
  if (story_.size() < kMostLines) story_.push_back(sentence(m_->t.executor.now_ns(), ' ', line));
}

void DiskWalk::complain(const std::string& what) {
  if (complaint_.empty()) complaint_ = what;
  tell("COMPLAINT: " + what);
}

// Disks ------------------------------------------------------------------------------------------

void DiskWalk::power_on() {
  m_ = new_mesh();
  names_.assign(media_.size(), "");
}

void DiskWalk::plug(std::size_t medium) {
  names_[medium] = sentence("da", ++plugs_);
  plug_as(names_[medium], medium);
  tell(sentence("plug ", names_[medium], " medium ", medium));
}

Drive& DiskWalk::plug_as(const std::string& name, std::size_t medium) {
  Drive& drive = m_->plug(name, *media_[medium]);
  drive.write_through = !cached_;
  drive.latency_ns = [this](const Bio&) { return number(4) * 50'000; };
  return drive;
}

void DiskWalk::pull(std::size_t medium) {
  tell(sentence("pull ", names_[medium], " medium ", medium));
  ++reached["pulled"];
  m_->drive(std::exchange(names_[medium], "")).pull();
  media_[medium]->cut_power([this](std::int64_t) { return chance(2); });
}

void DiskWalk::cut_power(const std::vector<std::size_t>& order) {
  ++reached["power cut"];
  if (pending_ > 0) ++reached["power cut under load"];
  tell(sentence("power cut; ", order.size(), " disks come back"));
  for (std::size_t i = 0; i < media_.size(); ++i) {
    if (plugged(i)) drive(i).cut_power([&](const Bio& bio) { return tear(*media_[i], bio); });
    media_[i]->cut_power([this](std::int64_t) { return chance(2); });
  }
  loosen();
  m_.reset();
  requests_.clear();
  edge_ = nullptr;
  pending_ = 0;
  power_on();
  for (const std::size_t medium : order) {
    plug(medium);
    if (chance(3)) m_->run_for(number(100) * 10'000);
  }
}

void DiskWalk::loosen() {
  for (auto& [place, c] : cells_) {
    c.torn = c.torn || (tears_ && !c.loose.empty());
    if (!cached_ || durable_at_once_) continue;
    c.maybe = c.loose;
    c.acknowledged = c.seen = c.durable;
  }
}

// Each sector of a write alone; nothing is left for the drive to do.
bool DiskWalk::tear(Medium& medium, const Bio& bio) {
  if (bio.command != Command::write) return false;
  Bytes bytes(static_cast<std::size_t>(bio.length_bytes));
  bio.data.copy_out(bytes);
  for (std::int64_t at = 0; at < bio.length_bytes; at += disk_sector_) {
    if (chance(2)) continue;
    const auto to = static_cast<std::ptrdiff_t>(bio.position_bytes + at);
    std::copy_n(bytes.begin() + at, disk_sector_, medium.bytes.begin() + to);
    medium.settle((bio.position_bytes + at) / disk_sector_);
  }
  return false;
}

void DiskWalk::wait(std::int64_t ns) {
  m_->run_for(ns);
  if (ns >= 10'000'000'000 && pending_ > 0) complain("a request did not come back");
}

// Requests ---------------------------------------------------------------------------------------

void DiskWalk::open(const std::string& provider) {
  Provider* top = m_->t.mesh.provider(provider);
  if (top == nullptr || top->error() != 0) return complain(provider + " is not there");
  auto& user = m_->t.user("user", *top);
  user.on_orphaned = [this](Consumer& edge) { lost(edge); };
  const Status opened = m_->t.mesh.access(user.edge(), kReadWriteExclusive);
  if (!opened) complain(opened.error().text);
  edge_ = &user.edge();
  sector_ = top->sector_size_bytes();
}

bool DiskWalk::meets_another(std::int64_t place, std::int64_t sectors) const {
  return std::ranges::any_of(requests_, [&](const Request& other) {
    return other.out && place < other.place + other.sectors && other.place < place + sectors;
  });
}

DiskWalk::Request& DiskWalk::request(Command command, std::int64_t place, std::int64_t sectors) {
  while (!requests_.empty() && !requests_.front().out) requests_.pop_front();
  Request& r = requests_.emplace_back();
  r.walk = this;
  r.place = place;
  r.sectors = sectors;
  r.bytes.resize(static_cast<std::size_t>(sectors * sector_));
  r.bio.command = command;
  r.bio.offset_bytes = place * sector_;
  r.bio.length_bytes = sectors * sector_;
  r.bio.data = Data(r.bytes.data());
  r.bio.caller1 = &r;
  r.bio.done = [](Bio& bio) {
    auto& done = *static_cast<Request*>(bio.caller1);
    done.walk->back(done);
  };
  return r;
}

void DiskWalk::submit(Request& r) {
  ++pending_;
  r.may_fail = may_fail();
  m_->t.mesh.submit(r.bio, *edge_);
}

void DiskWalk::back(Request& r) {
  --pending_;
  r.out = false;
  tell(sentence(command_name(r.bio.command), ' ', r.version, " is back, errno ", r.bio.error));
  if (r.bio.error != 0) {
    if (!r.may_fail && !may_fail()) {
      return complain(sentence("a ", command_name(r.bio.command), " failed with errno ",
                               r.bio.error, ", and all that it needs is there"));
    }
    ++reached["failed"];
    for (std::int64_t s = 0; tears_ && r.bio.command == Command::write && s < r.sectors; ++s) {
      cell(r.place + s).torn = true;
    }
    return;
  }
  if (r.bio.command == Command::write) return written(r);
  if (r.bio.command == Command::read) return was_read(r);
  flushed(r);
}

void DiskWalk::write_at(std::int64_t place, std::int64_t sectors, std::uint16_t flags) {
  Request& r = request(Command::write, place, sectors);
  r.bio.flags = flags;
  r.version = ++versions_;
  mark(r.bytes, sector_, r.version, place);
  for (std::int64_t s = 0; s < sectors; ++s) {
    cell(place + s).maybe.insert(r.version);
    cell(place + s).loose.insert(r.version);
  }
  tell(sentence("write ", r.version, " at ", place, '+', sectors));
  submit(r);
}

void DiskWalk::written(const Request& r) {
  for (std::int64_t s = 0; s < r.sectors; ++s) {
    Cell& c = cell(r.place + s);
    c.acknowledged = std::max(c.acknowledged, r.version);
    c.seen = std::max(c.seen, r.version);
    c.maybe.erase(c.maybe.begin(), c.maybe.upper_bound(r.version));
    c.torn = false;
    if (!cached_ || durable_at_once_) make_durable(c, c.acknowledged);
  }
}

void DiskWalk::make_durable(Cell& c, std::uint64_t version) {
  c.durable = std::max(c.durable, version);
  c.loose.erase(c.loose.begin(), c.loose.upper_bound(c.durable));
}

void DiskWalk::read_at(std::int64_t place, std::int64_t sectors, std::uint16_t flags) {
  Request& r = request(Command::read, place, sectors);
  r.bio.flags = flags;
  for (std::int64_t s = 0; s < sectors; ++s) {
    const Cell& c = cell(place + s);
    r.seen.push_back(c.seen);
    r.allowed.push_back(c.maybe);
    r.allowed.back().insert(c.acknowledged);
  }
  r.version = versions_;
  tell(sentence("read at ", place, '+', sectors));
  submit(r);
}

void DiskWalk::was_read(const Request& r) {
  for (std::int64_t s = 0; s < r.sectors; ++s) {
    Cell& c = cell(r.place + s);
    if (c.torn) continue;
    const std::uint64_t version =
        version_of(&r.bytes[static_cast<std::size_t>(s * sector_)], r.place + s);
    const auto i = static_cast<std::size_t>(s);
    // Or of a write that came while it was read.
    const bool known =
        r.allowed[i].contains(version) || (version > r.version && version <= versions_);
    if (!known || version < r.seen[i]) {
      return complain(sentence("version ", version, " was read at ", r.place + s, " after ",
                               r.seen[i], "; acknowledged is ", c.acknowledged));
    }
    c.seen = std::max(c.seen, version);
  }
}

std::uint64_t DiskWalk::version_of(const std::byte* sector, std::int64_t place) {
  std::uint64_t version = 0;
  std::memcpy(&version, sector, 8);
  std::int64_t where = version == 0 ? 0 : place;
  for (std::int64_t at = 0; at < sector_; at += kMark) {
    std::uint64_t both[2];
    std::memcpy(both, sector + at, kMark);
    if (both[0] == version && both[1] == static_cast<std::uint64_t>(where)) continue;
    complain(sentence("sector ", place, " is torn, or of another place"));
    break;
  }
  return version;
}

void DiskWalk::flush() {
  Request& r = request(Command::flush, 0, 0);
  for (const auto& [place, c] : cells_) r.acknowledged[place] = c.acknowledged;
  submit(r);
}

void DiskWalk::flushed(const Request& r) {
  for (const auto& [place, version] : r.acknowledged) make_durable(cell(place), version);
}

}  // namespace biotope::props
