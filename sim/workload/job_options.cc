#include "sim/workload/job_options.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "model/parameter.h"
#include "sim/workload/job_values.h"

namespace biotope::sim {
namespace {

constexpr std::int64_t kMicrosecond_ns = 1000;
constexpr std::int64_t kSecond_ns = 1'000'000'000;
constexpr std::int64_t kMostDepth = 1'000'000;
constexpr std::int64_t kMostJobs = 1000;

// What is being read, and for which disk.
struct Reading {
  JobOptions job;
  JobSpace space;
  bool sized = false;  // how much it does has been said
  std::optional<bool> time_based;
};

// Takes the value of an option; false: it says nothing that makes sense.
using Take = bool (*)(std::string_view text, Reading& to);

template <class T, class To>
bool put(const std::optional<T>& value, To& to) {
  if (value) to = *value;
  return value.has_value();
}

bool put_from(const std::optional<std::int64_t>& value, std::int64_t least, std::int64_t most,
              std::int64_t& to) {
  if (!value || *value < least || *value > most) return false;
  to = *value;
  return true;
}

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

bool take_rw(std::string_view text, Reading& r) {
  struct Kind {
    std::string_view name;
    std::int64_t read_percent;
    bool trims;
  };
  constexpr Kind kKinds[] = {{"read", 100, false},
                             {"write", 0, false},
                             {"trim", 0, true},
                             {"rw", 50, false},
                             {"readwrite", 50, false}};
  r.job.random = text.starts_with("rand");
  if (r.job.random) text.remove_prefix(4);
  for (const Kind& kind : kKinds) {
    if (kind.name != text || (r.job.random && text == "readwrite")) continue;
    r.job.read_percent = kind.read_percent;
    r.job.trims = kind.trims;
    return true;
  }
  return false;
}

// "4k", or "4k,8k" for reads and writes.
bool take_bs(std::string_view text, Reading& r) {
  const auto parts = parts_of(text, ',');
  if (parts.size() > 2) return false;
  std::array<std::vector<Share>*, 2> to{&r.job.read_lengths, &r.job.write_lengths};
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::int64_t bytes = 0;
    if (!put_from(fio_size(parts[std::min(i, parts.size() - 1)]), 1, 1 << 30, bytes)) return false;
    *to[i] = {{bytes, 100}};
  }
  return true;
}

// "4k/60:8k/40"; what has no percentage gets an even part of what is left.
bool take_split(std::string_view text, std::vector<Share>& to) {
  to.clear();
  double left = 100;
  std::vector<std::size_t> open;
  for (const std::string_view part : parts_of(text, ':')) {
    const auto fields = parts_of(part, '/');
    std::int64_t bytes = 0;
    if (fields.size() > 2 || !put_from(fio_size(fields[0]), 1, 1 << 30, bytes)) return false;
    Share share{bytes, 0};
    if (fields.size() == 2 && !fields[1].empty()) {
      if (!put(fio_number(fields[1]), share.percent)) return false;
      left -= share.percent;
    } else {
      open.push_back(to.size());
    }
    to.push_back(share);
  }
  for (const std::size_t i : open) to[i].percent = left / static_cast<double>(open.size());
  return left >= 0 && (open.empty() ? left == 0 : left > 0);
}

bool take_bssplit(std::string_view text, Reading& r) {
  const auto parts = parts_of(text, ',');
  return parts.size() <= 2 && take_split(parts.front(), r.job.read_lengths) &&
         take_split(parts.back(), r.job.write_lengths);
}

// "50/10:30/20:20/70": percent of the requests / percent of the disk.
bool take_zones(std::string_view text, JobOptions& job) {
  job.zones.clear();
  double requests = 0;
  double disk = 0;
  for (const std::string_view part : parts_of(text, ':')) {
    const auto fields = parts_of(part, '/');
    if (fields.size() != 2) return false;
    const auto first = fio_number(fields[0]);
    const auto second = fio_number(fields[1]);
    if (!first || !second || *second == 0) return false;
    requests += *first;
    disk += *second;
    job.zones.push_back({*first, *second});
  }
  return requests == 100 && disk <= 100;
}

bool take_distribution(std::string_view text, Reading& r) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  const std::string_view rest = colon < text.size() ? text.substr(colon + 1) : "";
  using Distribution = JobOptions::Distribution;
  if (name == "random") {
    r.job.distribution = Distribution::even;
    return rest.empty();
  }
  if (name == "zoned") {
    r.job.distribution = Distribution::zoned;
    return take_zones(rest, r.job);
  }
  r.job.distribution = name == "zipf" ? Distribution::zipf : Distribution::pareto;
  if ((name != "zipf" && name != "pareto") || !put(fio_number(rest), r.job.theta)) return false;
  return r.job.theta > 0 && (name == "zipf" ? r.job.theta <= 10 : r.job.theta < 1);
}

bool take_process(std::string_view text, Reading& r) {
  r.job.arrivals =
      text == "poisson" ? JobOptions::Arrivals::exponential : JobOptions::Arrivals::constant;
  return text == "poisson" || text == "linear";
}

bool take_submit_mode(std::string_view text, Reading& r) {
  r.job.open_loop = text == "offload";
  return text == "offload" || text == "inline";
}

bool take_verify(std::string_view text, Reading& r) {
  r.job.verify = text == "pattern";
  return text == "pattern" || text == "0" || text == "none";
}

struct Word {
  std::string_view name;
  Take take;
  std::string_view meant;  // what would do
};

constexpr Word kWords[] = {
    {"bs", &take_bs, "a size as in 4k, or one for reads and one for writes as in 4k,8k"},
    {"bssplit", &take_bssplit, "sizes and percentages that sum to 100, as in 4k/60:64k/40"},
    {"burst_off",
     [](std::string_view t, Reading& r) {
       return put_from(fio_time_ns(t, kMicrosecond_ns), 0, kNoLimit, r.job.burst_off_ns);
     },
     "a time as in 90ms"},
    {"burst_on",
     [](std::string_view t, Reading& r) {
       return put_from(fio_time_ns(t, kMicrosecond_ns), 1, kNoLimit, r.job.burst_on_ns);
     },
     "a time as in 10ms"},
    {"do_verify", [](std::string_view t, Reading& r) { return put(fio_truth(t), r.job.rereads); },
     "1, to read in the end what was written, or 0"},
    {"fsync",
     [](std::string_view t, Reading& r) {
       return put_from(fio_whole(t), 0, kNoLimit, r.job.flush_every);
     },
     "after how many writes, 0 for never"},
    {"io_size",
     [](std::string_view t, Reading& r) {
       r.sized = true;
       return put_from(fio_size(t), 1, kNoLimit, r.job.most_bytes);
     },
     "a size as in 1g"},
    {"io_submit_mode", &take_submit_mode, "inline, or offload for an open loop"},
    {"iodepth",
     [](std::string_view t, Reading& r) {
       return put_from(fio_whole(t), 1, kMostDepth, r.job.depth);
     },
     "a number from 1 to 1000000"},
    {"number_ios",
     [](std::string_view t, Reading& r) {
       r.sized = true;
       return put_from(fio_whole(t), 1, kNoLimit, r.job.most_requests);
     },
     "a number from 1 on"},
    {"numjobs",
     [](std::string_view t, Reading& r) {
       return put_from(fio_whole(t), 1, kMostJobs, r.job.jobs);
     },
     "a number from 1 to 1000"},
    {"offset",
     [](std::string_view t, Reading& r) {
       return put_from(fio_size_or_percent(t, r.space.size_bytes), 0, kNoLimit, r.job.offset_bytes);
     },
     "a size as in 1g, or a percentage of the disk as in 25%"},
    {"percentage_random",
     [](std::string_view t, Reading& r) {
       return put(fio_number(t), r.job.random_percent) && r.job.random_percent <= 100;
     },
     "a percentage from 0 to 100"},
    {"randseed",
     [](std::string_view t, Reading& r) {
       const auto seed = fio_whole(t);
       if (seed) r.job.seed = static_cast<std::uint64_t>(*seed);
       return seed.has_value();
     },
     "a whole number"},
    {"random_distribution", &take_distribution,
     "random, zipf:THETA, pareto:SHARE, or zoned:REQUESTS%/DISK%:..., as in zoned:60/10:40/90"},
    {"rate_iops",
     [](std::string_view t, Reading& r) {
       return put(fio_number(t), r.job.rate) && r.job.rate > 0 && r.job.rate <= 1e9;
     },
     "requests a second, up to 10^9"},
    {"rate_process", &take_process, "linear or poisson"},
    {"runtime",
     [](std::string_view t, Reading& r) {
       r.sized = true;
       return put_from(fio_time_ns(t, kSecond_ns), 1, kNoLimit, r.job.most_ns);
     },
     "a time as in 500ms; a bare number counts in seconds"},
    {"rw", &take_rw, "read, write, randread, randwrite, rw, readwrite, randrw, trim or randtrim"},
    {"rwmixread",
     [](std::string_view t, Reading& r) {
       return put_from(fio_whole(t), 0, 100, r.job.read_percent);
     },
     "a percentage from 0 to 100"},
    {"rwmixwrite",
     [](std::string_view t, Reading& r) {
       if (!put_from(fio_whole(t), 0, 100, r.job.read_percent)) return false;
       r.job.read_percent = 100 - r.job.read_percent;
       return true;
     },
     "a percentage from 0 to 100"},
    {"size",
     [](std::string_view t, Reading& r) {
       return put_from(fio_size_or_percent(t, r.space.size_bytes), 1, kNoLimit, r.job.size_bytes);
     },
     "a size as in 1g, or a percentage of the disk as in 25%"},
    {"thinktime",
     [](std::string_view t, Reading& r) {
       return put_from(fio_time_ns(t, kMicrosecond_ns), 0, kNoLimit, r.job.think_ns);
     },
     "a time as in 2ms; a bare number counts in microseconds"},
    {"thinktime_blocks",
     [](std::string_view t, Reading& r) {
       return put_from(fio_whole(t), 1, kNoLimit, r.job.think_every);
     },
     "a number of requests"},
    {"time_based", [](std::string_view t, Reading& r) { return put(fio_truth(t), r.time_based); },
     "1, to go on until runtime is over, or 0, to end with size if that is before"},
    {"verify", &take_verify, "pattern, which compares every byte, or 0 for not at all"},
    {"verify_fatal",
     [](std::string_view t, Reading& r) { return put(fio_truth(t), r.job.verify_fatal); },
     "1, to end with the first that is wrong, or 0"},
};

constexpr auto names_of_words() {
  std::array<std::string_view, std::size(kWords)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kWords[i].name;
  return names;
}
constexpr auto kNames = names_of_words();

const Word* find_word(std::string_view name) {
  const auto* found = std::find_if(std::begin(kWords), std::end(kWords),
                                   [&](const Word& word) { return word.name == name; });
  return found == std::end(kWords) ? nullptr : found;
}

Status check_lengths(const JobOptions& job, const JobSpace& space) {
  for (const auto* lengths : {&job.read_lengths, &job.write_lengths}) {
    for (const Share& share : *lengths) {
      if (share.value % space.sector_bytes == 0) continue;
      return fail(EINVAL, "workload: requests of ", share.value,
                  " bytes are no whole number of sectors, which have ", space.sector_bytes);
    }
  }
  return {};
}

// Where it works, from what was said of it; and whether that is on the disk.
Status place(JobOptions& job, const JobSpace& space) {
  job.offset_bytes -= job.offset_bytes % space.sector_bytes;
  const std::int64_t left = space.size_bytes - job.offset_bytes;
  if (left < 1) {
    return fail(EINVAL, "workload: offset is ", job.offset_bytes, " on a disk of ",
                space.size_bytes, " bytes");
  }
  if (job.size_bytes == 0) job.size_bytes = left;
  if (job.size_bytes > left) {
    return fail(EINVAL, "workload: ", job.size_bytes, " bytes from ", job.offset_bytes,
                " on are more than the disk has, which ends at ", space.size_bytes);
  }
  if (job.longest_bytes() > job.size_bytes) {
    return fail(EINVAL, "workload: requests of ", job.longest_bytes(), " bytes do not fit the ",
                job.size_bytes, " bytes they are for");
  }
  return check_lengths(job, space);
}

Status check_together(const Reading& read) {
  const JobOptions& job = read.job;
  if (job.open_loop && job.rate == 0) {
    return fail(EINVAL,
                "workload: io_submit_mode=offload issues by the clock, so rate_iops must "
                "say how often");
  }
  if (job.open_loop && job.think_ns > 0) {
    return fail(EINVAL,
                "workload: thinktime waits for requests, which io_submit_mode=offload does "
                "not; leave one of them out");
  }
  if (job.burst_off_ns > 0 && job.burst_on_ns == 0) {
    return fail(EINVAL,
                "workload: burst_off says how long nothing is asked for; burst_on must say "
                "how long something is");
  }
  if (read.time_based == true && job.most_ns == kNoLimit) {
    return fail(EINVAL,
                "workload: time_based goes on until runtime is over, so runtime must say how long "
                "that is");
  }
  if (job.verify && (!job.writes() || job.trims)) {
    return fail(EINVAL,
                "workload: verify looks for what the same load has written, so rw must write: say "
                "it as in rw=write or rw=randrw");
  }
  return {};
}

}  // namespace

std::int64_t JobOptions::longest_bytes() const {
  std::int64_t most = 0;
  for (const auto* lengths : {&read_lengths, &write_lengths}) {
    for (const Share& share : *lengths) most = std::max(most, share.value);
  }
  return most;
}

std::span<const std::string_view> job_words() { return kNames; }

Result<JobOptions> parse_job(std::span<const JobWord> words, JobSpace space) {
  Reading read;
  read.space = space;
  // Percentages of a mix refine what rw says, wherever they stand.
  for (const bool mix : {false, true}) {
    for (const auto& [name, value] : words) {
      const Word* word = find_word(name);
      if (word == nullptr) {
        const std::string_view near = nearest(name, kNames);
        return fail(EINVAL, "workload: there is no option '", name, "'; ",
                    near.empty() ? sentence("rw, bs, iodepth and others are there")
                                 : sentence("did you mean '", near, "'?"));
      }
      if (name.starts_with("rwmix") != mix) continue;
      if (!word->take(value, read)) {
        return fail(EINVAL, "workload: ", name, " is '", value, "'; it must be ", word->meant);
      }
    }
  }
  if (const Status placed = place(read.job, space); !placed) return pass_on(placed);
  if (const Status together = check_together(read); !together) return pass_on(together);
  const bool by_size = !read.sized || read.time_based == false;
  if (by_size) read.job.most_bytes = std::min(read.job.most_bytes, read.job.size_bytes);
  return std::move(read.job);
}

Result<std::vector<JobWord>> split_job(std::string_view text) {
  std::vector<JobWord> words;
  for (const std::string_view part : parts_of(text, ' ')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      return fail(EINVAL, "workload: '", part, "' has no value; say it as in rw=randread");
    }
    words.emplace_back(part.substr(0, equals), part.substr(equals + 1));
  }
  return words;
}

bool job_writes(std::span<const JobWord> words) {
  Reading read;
  for (const bool mix : {false, true}) {
    for (const auto& [name, value] : words) {
      const Word* word = find_word(name);
      if (word != nullptr && (name.starts_with("rwmix") == mix)) word->take(value, read);
    }
  }
  return read.job.writes();
}

}  // namespace biotope::sim
