#include "app/disk_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>

#include "app/disk_source.h"
#include "app/terminal.h"
#include "app/trace_arguments.h"
#include "sim/disk/random_load.h"
#include "sim/workload/engine_load.h"
#include "sim/workload/job.h"
#include "sim/workload/machine_load.h"
#include "sim/workload/trace_load.h"
#include "viz/fio_report.h"

namespace biotope::app {

namespace {

using nlohmann::ordered_json;

struct LoadArguments {
  DiskSource source;
  sim::RandomLoad load;
  std::string job;
  std::string trace;
  std::string device;
  TraceArguments reading;
  bool json = false;
};

// What a run cost and brought.
struct Outcome {
  std::int64_t requests = 0;
  std::int64_t simulated_ns = 0;
  std::int64_t mean_response_ns = 0;
  double cpu_seconds = 0;

  double simulated_seconds() const { return static_cast<double>(simulated_ns) / 1e9; }
  double mean_response_ms() const { return static_cast<double>(mean_response_ns) / 1e6; }
  double per_simulated_second() const {
    return simulated_ns > 0 ? static_cast<double>(requests) / simulated_seconds() : 0;
  }
  double per_cpu_second() const {
    return static_cast<double>(requests) / std::max(cpu_seconds, 1e-9);
  }
};

void add_outcome(ordered_json& report, const Outcome& outcome) {
  report["simulated_seconds"] = outcome.simulated_seconds();
  report["mean_response_ms"] = outcome.mean_response_ms();
  report["ios_per_simulated_second"] = outcome.per_simulated_second();
  report["cpu_seconds"] = outcome.cpu_seconds;
  report["ios_per_cpu_second"] = outcome.per_cpu_second();
}

void print_outcome(const Outcome& outcome) {
  fmt::print("  the drive: {:.1f} requests a second, {:.3f} ms each on average\n",
             outcome.per_simulated_second(), outcome.mean_response_ms());
  fmt::print("  the simulation: {:.0f} requests a second of processor time\n",
             outcome.per_cpu_second());
}

// --- jobs and traces ----------------------------------------------------------------------------

struct Served {
  Outcome outcome;
  nlohmann::json fio;
};

// Has a load served by `run`, which is given whom to tell of its requests.
Result<Served> serve(const std::function<Result<sim::LoadRun>(const sim::LoadObserver&)>& run) {
  Served served;
  viz::FioReport report;
  double sum_ns = 0;
  const double began = cpu_seconds();
  const auto ran = run([&](const sim::LoadDone& done) {
    report.record(done.command, done.length_bytes, done.submit_ns, done.complete_ns, done.error);
    sum_ns += static_cast<double>(done.submit_ns + done.complete_ns);
  });
  if (!ran) return pass_on(ran);
  served.outcome.cpu_seconds = cpu_seconds() - began;
  served.outcome.requests = ran->requests;
  served.outcome.simulated_ns = ran->simulated_ns;
  if (ran->requests > 0) {
    served.outcome.mean_response_ns =
        static_cast<std::int64_t>(sum_ns / static_cast<double>(ran->requests));
  }
  served.fio = report.json(ran->simulated_ns);
  return served;
}

// By what is inside the drive alone, without contents.
Result<Served> serve(const sim::DriveKind& kind, sim::Load& load) {
  return serve([&](const sim::LoadObserver& tell) -> Result<sim::LoadRun> {
    const auto engine = kind.make_engine();
    return sim::run_load(*engine, kind.sector_bytes, load, tell);
  });
}

// Looking at what was written takes contents, and so a whole machine.
Result<Served> serve_verified(const std::shared_ptr<const sim::DriveKind>& kind,
                              const sim::JobOptions& job, std::uint64_t seed) {
  sim::Verification found;
  auto served = serve([&](const sim::LoadObserver& tell) -> Result<sim::LoadRun> {
    const auto ran = sim::run_in_machine(kind, job, seed, tell);
    if (!ran) return pass_on(ran);
    found = ran->verification;
    return ran->run;
  });
  if (served) {
    served->fio["verify"] = {{"checked_bytes", found.checked_bytes}, {"wrong", found.wrong}};
  }
  return served;
}

double milliseconds(const nlohmann::json& ns) { return ns.get<double>() / 1e6; }

void print_times(const char* name, const nlohmann::json& times) {
  fmt::print("    {} (ms): min={:.6f}, max={:.6f}, avg={:.6f}, stdev={:.6f}\n", name,
             milliseconds(times.at("min")), milliseconds(times.at("max")),
             milliseconds(times.at("mean")), milliseconds(times.at("stddev")));
}

void print_direction(const std::string& name, const nlohmann::json& fio) {
  fmt::print("  {}: IOPS={:.1f}, BW={} KiB/s, {} requests", name, fio.at("iops").get<double>(),
             fio.at("bw").get<std::int64_t>(), fio.at("total_ios").get<std::int64_t>());
  const auto failed = fio.at("failed").get<std::int64_t>();
  fmt::print("{}\n", failed > 0 ? fmt::format(", {} failed", failed) : "");
  print_times("slat", fio.at("slat_ns"));
  print_times("clat", fio.at("clat_ns"));
  print_times(" lat", fio.at("lat_ns"));
  fmt::print("    lat percentiles (ms):");
  for (const char* percentile : {"50.000000", "90.000000", "99.000000", "99.900000"}) {
    fmt::print(" {:.2f}th=[{:.6f}]", std::stod(percentile),
               milliseconds(fio.at("lat_ns").at("percentile").at(percentile)));
  }
  fmt::print("\n");
}

void print(const LoadArguments& arguments, const std::string& what, const Served& served) {
  if (arguments.json) {
    ordered_json report = {{"schema", "biotope/disk-bench/1"},
                           {"requests", served.outcome.requests}};
    add_outcome(report, served.outcome);
    report["job"] = served.fio;
    fmt::print("{}\n", report.dump());
    return;
  }
  fmt::print("{}\n", what);
  print_outcome(served.outcome);
  for (const auto& [name, fio] : served.fio.items()) {
    if (name != "verify") print_direction(name, fio);
  }
  if (!served.fio.contains("verify")) return;
  fmt::print("  verify: {} bytes read back as they were written\n",
             served.fio.at("verify").at("checked_bytes").get<std::int64_t>());
}

sim::JobSpace space_of(const sim::DriveKind& kind) {
  return {kind.capacity_bytes(), kind.sector_bytes};
}

Status run_job(const LoadArguments& arguments, const DiskSource& source) {
  const auto kind = kind_of(source);
  if (!kind) return pass_on(kind);
  const auto words = sim::split_job(arguments.job);
  if (!words) return pass_on(words);
  const auto job = sim::parse_job(*words, space_of(**kind));
  if (!job) return pass_on(job);
  sim::Jobs jobs(*job, arguments.load.seed, "bench");
  const auto served =
      job->verify ? serve_verified(*kind, *job, arguments.load.seed) : serve(**kind, jobs);
  if (!served) return pass_on(served);
  print(arguments, fmt::format("{}: {}", (*kind)->name, arguments.job), *served);
  return {};
}

Status run_trace(const LoadArguments& arguments, const DiskSource& source) {
  const auto kind = kind_of(source);
  if (!kind) return pass_on(kind);
  const sim::TraceOptions options = arguments.reading.options();
  auto reader = sim::TraceReader::open(arguments.trace, options);
  if (!reader) return pass_on(reader);
  auto load = sim::TraceLoad::begin(
      std::move(*reader),
      {.space = space_of(**kind), .device = arguments.device, .bad_lines = options.bad_lines});
  if (!load) return pass_on(load);
  const auto served = serve(**kind, **load);
  if (!served) return pass_on(served);
  if (!(*load)->status()) return (*load)->status();
  for (const std::string& note : (*load)->reader().notes()) tell(note);
  const std::int64_t skipped = (*load)->skipped() + (*load)->reader().skipped();
  if (skipped > 0) tell(fmt::format("{} lines were passed over", skipped));
  print(arguments, fmt::format("{}: {}", (*kind)->name, (*load)->reader().name()), *served);
  return {};
}

// --- random requests ----------------------------------------------------------------------------

// On what has no arm: as a job, with requests at multiples of their length.
Status run_random_job(const LoadArguments& arguments, const DiskSource& source,
                      const sim::FlashFigures& flash) {
  const sim::RandomLoad& load = arguments.load;
  LoadArguments as_job = arguments;
  as_job.job =
      fmt::format("rw=randrw rwmixread={} bs={} iodepth={} number_ios={}", load.read_percent,
                  load.sectors * flash.sector_bytes, load.depth, load.requests);
  return run_job(as_job, source);
}

Status run_random(const LoadArguments& arguments, const DiskSource& source) {
  const auto flash = flash_of(source);
  if (!flash) return pass_on(flash);
  if (*flash != nullptr) return run_random_job(arguments, source, (*flash)->flash);
  const auto model = model_of(source);
  if (!model) return pass_on(model);
  const sim::RandomLoad& load = arguments.load;
  if (load.sectors > (*model)->layout.sectors()) {
    return fail(EINVAL, "requests of ", load.sectors, " sectors do not fit the disk, which has ",
                (*model)->layout.sectors());
  }
  sim::HardDisk disk(*model);
  const double began = cpu_seconds();
  const sim::LoadResult result = sim::run_load(disk, load);
  const Outcome outcome{load.requests, result.simulated_ns, result.mean_response_ns,
                        cpu_seconds() - began};
  if (arguments.json) {
    ordered_json report = {
        {"schema", "biotope/disk-bench/1"}, {"requests", load.requests}, {"depth", load.depth}};
    add_outcome(report, outcome);
    fmt::print("{}\n", report.dump());
  } else {
    fmt::print("{}: {} random requests of {} sectors, {} at a time\n", (*model)->profile.name,
               load.requests, load.sectors, load.depth);
    print_outcome(outcome);
  }
  return {};
}

int bench(const LoadArguments& arguments) {
  DiskSource source = arguments.source;
  if (source.profile.empty() && source.parv.empty()) source.profile = "cheetah-9lp";
  return exit_status(!arguments.job.empty()     ? run_job(arguments, source)
                     : !arguments.trace.empty() ? run_trace(arguments, source)
                                                : run_random(arguments, source));
}

}  // namespace

void add_disk_bench(Program& program, CLI::App& disk) {
  auto arguments = std::make_shared<LoadArguments>();
  CLI::App* verb =
      disk.add_subcommand("bench", "A load on a drive: how fast drive and simulation are");
  arguments->source.add_to(*verb);
  sim::RandomLoad& load = arguments->load;
  auto* job = verb->add_option("--job", arguments->job,
                               "A job in fio's words, as in \"rw=randrw bs=4k iodepth=8\"");
  auto* trace = verb->add_option("--trace", arguments->trace, "A recorded trace, as recorded");
  trace->excludes(job);
  const auto add = [&](const char* name, std::int64_t& value, std::int64_t least, std::int64_t most,
                       const char* help) {
    verb->add_option(name, value, help)
        ->check(CLI::Range(least, most))
        ->capture_default_str()
        ->excludes(job)
        ->excludes(trace);
  };
  add("--requests", load.requests, 1, 1'000'000'000, "Random requests: how many");
  add("--depth", load.depth, 1, 1'000'000, "How many at a time");
  add("--sectors", load.sectors, 1, 1'000'000, "How long each");
  add("--read-percent", load.read_percent, 0, 100, "How many of a hundred are reads");
  verb->add_option("--seed", load.seed, "Where all random numbers come from")
      ->capture_default_str();
  verb->add_option("--device", arguments->device, "Of several in the trace, whose requests")
      ->needs(trace);
  arguments->reading.add_to(*verb);
  verb->add_flag("--json", arguments->json, "One document for programs");
  verb->footer("What can be said of a job: docs/workloads.md; of a trace: biotope trace --help");
  verb->callback(
      [&program, arguments] { program.chosen = [arguments] { return bench(*arguments); }; });
}

}  // namespace biotope::app
