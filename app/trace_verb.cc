#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/terminal.h"
#include "app/trace_arguments.h"
#include "app/verbs.h"
#include "sim/trace/trace_summary.h"

namespace biotope::app {

namespace {

using nlohmann::ordered_json;
using sim::TraceReader;
using sim::TraceRequest;
using sim::TraceSummary;

constexpr std::size_t kShown = 5;
constexpr Command kCommands[] = {Command::read, Command::write, Command::remove, Command::flush};

struct InfoArguments {
  std::string file;
  TraceArguments trace;
  bool json = false;
};

struct Info {
  TraceSummary summary;
  std::vector<TraceRequest> first;
};

// What a request took, as far as the trace tells: beside it, or in lines of its own.
std::int64_t mean_service_ns(const TraceReader& reader, const TraceSummary& summary) {
  const std::int64_t told_ns = summary.mean_service_ns();
  return told_ns > 0 ? told_ns : reader.completions().mean_ns();
}

double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

double per_second(std::int64_t count, std::int64_t ns) {
  return ns > 0 ? static_cast<double>(count) / seconds(ns) : 0;
}

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

Status read_all(TraceReader& reader, Info& info) {
  while (true) {
    const auto request = reader.next();
    if (!request) return pass_on(request);
    if (*request == nullptr) break;
    info.summary.add(**request);
    if (info.first.size() < kShown) info.first.push_back(**request);
  }
  if (info.summary.requests() > 0) return {};
  return fail(ENODATA, reader.name(), ": there is no request in it");
}

// --- for programs -------------------------------------------------------------------------------

ordered_json json_of(const TraceRequest& request) {
  ordered_json json = {{"line", request.line},
                       {"command", command_name(request.command)},
                       {"offset_bytes", request.offset_bytes},
                       {"length_bytes", request.length_bytes}};
  if (!request.device.empty()) json["device"] = request.device;
  if (request.time_ns) json["time_ns"] = *request.time_ns;
  if (request.service_ns) json["service_ns"] = *request.service_ns;
  if (request.think_ns) json["think_ns"] = *request.think_ns;
  if (request.flush_before) json["flush_before"] = true;
  if (request.force_unit_access) json["force_unit_access"] = true;
  return json;
}

ordered_json json_of(const TraceReader& reader, const Info& info) {
  const TraceSummary& s = info.summary;
  ordered_json json = {{"schema", "biotope/trace-info/1"},
                       {"format", reader.format()},
                       {"requests", s.requests()},
                       {"skipped_lines", reader.skipped()},
                       {"span_ns", s.span_ns()},
                       {"out_of_order", s.out_of_order()},
                       {"bytes", s.bytes()},
                       {"requests_per_second", per_second(s.requests(), s.span_ns())},
                       {"bytes_per_second", per_second(s.bytes(), s.span_ns())},
                       {"mean_service_ns", mean_service_ns(reader, s)},
                       {"completions", reader.completions().requests},
                       {"least_length_bytes", s.least_bytes()},
                       {"greatest_length_bytes", s.most_bytes()},
                       {"end_bytes", s.end_bytes()},
                       {"touched_sectors", s.touched().count()},
                       {"touched_sectors_is_all", s.touched().counts_all()},
                       {"sequential_share", share(s.sequential(), s.requests())}};
  json["commands"] = ordered_json::array();
  for (const Command command : kCommands) {
    json["commands"].push_back({{"command", command_name(command)},
                                {"requests", s[command].requests},
                                {"bytes", s[command].bytes}});
  }
  json["length_columns"] = {"from_bytes", "requests"};
  json["lengths"] = ordered_json::array();
  for (const auto& [from_bytes, count] : s.lengths())
    json["lengths"].push_back({from_bytes, count});
  json["devices"] = ordered_json::array();
  for (const auto& [name, device] : s.devices()) {
    json["devices"].push_back({{"device", name}, {"requests", device.requests}});
  }
  json["first_requests"] = ordered_json::array();
  for (const TraceRequest& request : info.first) json["first_requests"].push_back(json_of(request));
  return json;
}

// --- for people ---------------------------------------------------------------------------------

void print_request(const TraceRequest& request) {
  fmt::print("  line {:<4} {:<6} {:>12} bytes at {:<15}", request.line,
             command_name(request.command), request.length_bytes, request.offset_bytes);
  if (!request.device.empty()) fmt::print("  of {}", request.device);
  if (request.time_ns) fmt::print("  at {:.6f} s", seconds(*request.time_ns));
  if (request.service_ns) fmt::print("  took {:.6f} ms", 1e3 * seconds(*request.service_ns));
  if (request.think_ns) fmt::print("  then {:.6f} ms", 1e3 * seconds(*request.think_ns));
  fmt::print("\n");
}

void print_words(const TraceReader& reader, const Info& info) {
  const TraceSummary& s = info.summary;
  fmt::print("{}: {} requests, format {}\n", reader.name(), s.requests(), reader.format());
  if (s.timed()) {
    fmt::print("  span        {:.6f} s: {:.1f} requests and {:.3f} MB a second\n",
               seconds(s.span_ns()), per_second(s.requests(), s.span_ns()),
               per_second(s.bytes(), s.span_ns()) / 1e6);
  }
  if (s.out_of_order() > 0)
    fmt::print("  order       {} earlier than the one before\n", s.out_of_order());
  for (const Command command : kCommands) {
    if (s[command].requests == 0) continue;
    fmt::print("  {:<11} {} ({:.1f} %), {} bytes\n", command_name(command), s[command].requests,
               100 * share(s[command].requests, s.requests()), s[command].bytes);
  }
  if (const std::int64_t mean_ns = mean_service_ns(reader, s); mean_ns > 0) {
    fmt::print("  took        {:.6f} ms on average", 1e3 * seconds(mean_ns));
    const std::int64_t completions = reader.completions().requests;
    fmt::print("{}\n", completions > 0 ? fmt::format(", by {} completions", completions) : "");
  }
  fmt::print("  lengths     {} to {} bytes\n", s.least_bytes(), s.most_bytes());
  for (const auto& [from_bytes, count] : s.lengths()) {
    fmt::print("    from {:>10}  {}\n", from_bytes, count);
  }
  fmt::print("  touched     {}{} sectors of 512 bytes, all below byte {}\n",
             s.touched().counts_all() ? "" : "at least ", s.touched().count(), s.end_bytes());
  fmt::print("  sequential  {:.1f} %\n", 100 * share(s.sequential(), s.requests()));
  fmt::print("The first of them:\n");
  for (const TraceRequest& request : info.first) print_request(request);
}

int info(const InfoArguments& arguments) {
  Info info;
  auto reader = TraceReader::open(arguments.file, arguments.trace.options());
  const Status done = reader ? read_all(*reader, info) : pass_on(reader);
  if (!done) return exit_status(done);
  for (const std::string& note : reader->notes()) tell(note);
  if (reader->skipped() > 0) tell(fmt::format("{} lines were passed over", reader->skipped()));
  if (arguments.json) {
    fmt::print("{}\n", json_of(*reader, info).dump());
  } else {
    print_words(*reader, info);
  }
  return 0;
}

std::string formats_footer() {
  std::string text =
      "Examples:\n"
      "  biotope trace info web_0.csv.gz\n"
      "  biotope trace info --format disksim synthetic.trace\n"
      "  biotope trace info --columns time_us,op,offset_bytes,length_bytes mine.csv\n\n"
      "Formats:\n";
  for (const sim::TraceFormat& format : sim::trace_formats()) {
    text += fmt::format("  {:<9} {}{}\n", format.name, format.about,
                        format.known_by_looks ? "" : "; must be named");
  }
  return text +
         "\nColumns: time_, service_ and think_ with s, ms, us, 100ns or ns; offset_ and length_ "
         "with\n"
         "bytes or sectors; op, is_read, is_write or flags; device; - for one of no interest, and "
         "at\n"
         "the end ... for any number of them.";
}

}  // namespace

void TraceArguments::add_to(CLI::App& verb) {
  auto* by_name = verb.add_option("--format", format, "What it was recorded with [by its looks]");
  verb.add_option("--columns", columns, "What stands in each column, in place of a format")
      ->excludes(by_name);
  verb.add_option("--sector-size", sector_bytes, "Bytes of a sector, where it counts in those")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  verb.add_option("--header", header_lines, "Lines at the beginning to pass over")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  verb.add_option("--event", event, "Of blkparse: requests as asked for (Q) or as sent (D)")
      ->check(CLI::IsMember({"Q", "D"}))
      ->capture_default_str();
  verb.add_option("--bad-lines", bad_lines, "What to do with lines that make no sense")
      ->check(CLI::IsMember({"stop", "skip"}))
      ->capture_default_str();
}

sim::TraceOptions TraceArguments::options() const {
  return {.format = format,
          .columns = columns,
          .sector_bytes = sector_bytes,
          .header_lines = header_lines,
          .event = event.front(),
          .bad_lines = bad_lines == "skip" ? sim::BadLines::skip : sim::BadLines::stop};
}

void add_trace(Program& program) {
  CLI::App* verb = program.parser.add_subcommand("trace", "Recorded requests: what is in a trace");
  verb->require_subcommand(1);
  auto arguments = std::make_shared<InfoArguments>();
  CLI::App* info_verb =
      verb->add_subcommand("info", "How many, how large, how fast, how sequential; the first few");
  info_verb->add_option("FILE", arguments->file, "A trace, compressed by gzip or not")->required();
  arguments->trace.add_to(*info_verb);
  info_verb->add_flag("--json", arguments->json, "One document for programs");
  info_verb->footer(formats_footer());
  verb->footer(formats_footer());
  info_verb->callback(
      [&program, arguments] { program.chosen = [arguments] { return info(*arguments); }; });
}

}  // namespace biotope::app
