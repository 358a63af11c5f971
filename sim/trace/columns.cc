#include "sim/trace/columns.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <utility>
#include <vector>

#include "model/parameter.h"

namespace biotope::sim {
namespace {

enum class Holds : std::uint8_t {
  nothing,
  op,
  is_read,
  is_write,
  flags,
  device,
  offset,
  length,
  time,
  service,
  think
};

struct Column {
  Holds holds = Holds::nothing;
  std::int64_t unit = 1;  // in bytes or ns
  std::string what;       // "the offset in sectors"
};

struct Unit {
  std::string_view name;
  std::int64_t size;  // 0: the trace's sectors
  std::string_view words;
};
constexpr Unit kTimes[] = {{"s", 1'000'000'000, "seconds"},
                           {"ms", 1'000'000, "milliseconds"},
                           {"us", 1000, "microseconds"},
                           {"100ns", 100, "units of 100 ns"},
                           {"ns", 1, "nanoseconds"}};
constexpr Unit kPlaces[] = {{"bytes", 1, "bytes"}, {"sectors", 0, "sectors"}};

struct Quantity {
  std::string_view name;
  Holds holds;
  std::span<const Unit> units;  // none: the name is all
  std::string_view words;
};
constexpr Quantity kQuantities[] = {
    {"-", Holds::nothing, {}, "nothing"},
    {"op", Holds::op, {}, "the operation"},
    {"is_read", Holds::is_read, {}, "whether it reads"},
    {"is_write", Holds::is_write, {}, "whether it writes"},
    {"flags", Holds::flags, {}, "the flags"},
    {"device", Holds::device, {}, "the device"},
    {"offset", Holds::offset, kPlaces, "the offset"},
    {"length", Holds::length, kPlaces, "the length"},
    {"time", Holds::time, kTimes, "the time"},
    {"service", Holds::service, kTimes, "the service time"},
    {"think", Holds::think, kTimes, "the think time"},
};

std::vector<std::string> all_names() {
  std::vector<std::string> names{"..."};
  for (const Quantity& quantity : kQuantities) {
    if (quantity.units.empty()) names.emplace_back(quantity.name);
    for (const Unit& unit : quantity.units) {
      names.push_back(sentence(quantity.name, '_', unit.name));
    }
  }
  return names;
}

tl::unexpected<Error> unknown_column(std::string_view name) {
  for (const Quantity& quantity : kQuantities) {
    if (quantity.name != name) continue;
    std::string choices;
    for (const Unit& unit : quantity.units) {
      choices += sentence(choices.empty() ? "" : " or ", name, '_', unit.name);
    }
    return fail(EINVAL, "columns: '", name, "' needs a unit: ", choices);
  }
  const std::vector<std::string> names = all_names();
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string_view near = nearest(name, candidates);
  return fail(EINVAL, "columns: nothing is called '", name, "'; ",
              near.empty()
                  ? sentence("there are time_us, offset_bytes, length_bytes, op and others")
                  : sentence("did you mean '", near, "'?"));
}

Result<Column> column_of(std::string_view name, std::int64_t sector_bytes) {
  for (const Quantity& quantity : kQuantities) {
    if (quantity.units.empty() && quantity.name == name) {
      return Column{quantity.holds, 1, std::string(quantity.words)};
    }
    for (const Unit& unit : quantity.units) {
      if (name != sentence(quantity.name, '_', unit.name)) continue;
      return Column{quantity.holds, unit.size == 0 ? sector_bytes : unit.size,
                    sentence(quantity.words, " in ", unit.words)};
    }
  }
  return unknown_column(name);
}

// What stands between names, and so between fields: a comma, a semicolon or a blank.
char mark_of(std::string_view names) {
  for (const char mark : {',', ';'}) {
    if (names.find(mark) != std::string_view::npos) return mark;
  }
  return ' ';
}

void split(std::string_view text, char mark, Fields& fields) {
  if (mark == ' ') {
    split_at_blanks(text, fields);
  } else {
    split_at(text, mark, fields);
  }
}

class Table final : public LineFormat {
 public:
  Table(std::vector<Column> columns, char mark, bool open_end)
      : columns_(std::move(columns)), mark_(mark), open_end_(open_end) {}

  LineRead read(std::string_view line, TraceRequest& request) override {
    split(line, mark_, fields_);
    const bool enough =
        open_end_ ? fields_.size() >= columns_.size() : fields_.size() == columns_.size();
    if (!enough) {
      return bad_line("has ", fields_.size(), " fields instead of ", columns_.size(),
                      open_end_ ? " or more" : "");
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (const LineRead taken = take(columns_[i], fields_[i], request); !taken) {
        return bad_line("has '", fields_[i], "' in field ", i + 1, ", ", taken.error());
      }
    }
    return true;
  }

 private:
  LineRead take(const Column& column, std::string_view text, TraceRequest& request);
  LineRead take_number(const Column& column, std::string_view text, TraceRequest& request) const;
  LineRead take_time(const Column& column, std::string_view text, TraceRequest& request);

  std::vector<Column> columns_;
  char mark_;
  bool open_end_;
  Fields fields_;
  TraceClock clock_;
};

LineRead take_truth(bool is_read, const Column& column, std::string_view text,
                    TraceRequest& request) {
  if (text != "0" && text != "1") return bad_line(column.what, ", instead of 0 or 1");
  request.command = (text == "1") == is_read ? Command::read : Command::write;
  return true;
}

LineRead Table::take(const Column& column, std::string_view text, TraceRequest& request) {
  switch (column.holds) {
    case Holds::nothing:
      return true;
    case Holds::device:
      request.device = text;
      return true;
    case Holds::op: {
      const auto command = command_word(text);
      if (!command) return bad_line(column.what, ", instead of R or W");
      request.command = *command;
      return true;
    }
    case Holds::is_read:
      return take_truth(true, column, text, request);
    case Holds::is_write:
      return take_truth(false, column, text, request);
    case Holds::flags: {
      const auto flags = whole_number(text.starts_with("0x") ? text : sentence("0x", text));
      if (!flags) return bad_line(column.what, ", which are no hexadecimal number");
      request.command = (*flags & 1) != 0 ? Command::read : Command::write;
      return true;
    }
    case Holds::offset:
    case Holds::length:
      return take_number(column, text, request);
    default:
      return take_time(column, text, request);
  }
}

LineRead Table::take_number(const Column& column, std::string_view text,
                            TraceRequest& request) const {
  const auto number = whole_number(text);
  if (!number) return bad_line(column.what, ", which is no whole number");
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() / column.unit;
  if (*number < 0 || *number > most) {
    return bad_line(column.what, ", which must be from 0 to ", most);
  }
  (column.holds == Holds::offset ? request.offset_bytes : request.length_bytes) =
      *number * column.unit;
  return true;
}

LineRead Table::take_time(const Column& column, std::string_view text, TraceRequest& request) {
  const auto time_ns = time_in_ns(text, column.unit);
  if (!time_ns) return bad_line(column.what, ", which is no time from 0 on");
  if (column.holds == Holds::time) return clock_.tell(*time_ns, request);
  constexpr WideTime kMost = 1'000'000'000'000'000;
  if (*time_ns > kMost) return bad_line(column.what, ", which is more than 11 days");
  (column.holds == Holds::service ? request.service_ns : request.think_ns) =
      static_cast<std::int64_t>(*time_ns);
  return true;
}

// Each at most once, and what makes a request at all.
Status check_set(std::span<const Column> columns) {
  const auto count = [&](std::span<const Holds> kinds) {
    return std::count_if(columns.begin(), columns.end(), [&](const Column& column) {
      return std::find(kinds.begin(), kinds.end(), column.holds) != kinds.end();
    });
  };
  constexpr std::array kOps{Holds::op, Holds::is_read, Holds::is_write, Holds::flags};
  if (count(kOps) != 1) {
    return fail(EINVAL, "columns: one of op, is_read, is_write or flags must be there, and once");
  }
  for (const Quantity& quantity : kQuantities) {
    if (quantity.holds == Holds::nothing) continue;
    const auto found = count(std::array{quantity.holds});
    const bool needed = quantity.holds == Holds::offset || quantity.holds == Holds::length;
    if (found > 1) return fail(EINVAL, "columns: ", quantity.words, " stands there twice");
    if (needed && found == 0) {
      return fail(EINVAL, "columns: ", quantity.words, " is missing; it is called ", quantity.name,
                  "_bytes or ", quantity.name, "_sectors");
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LineFormat>> make_columns(std::string_view names,
                                                 std::int64_t sector_bytes) {
  if (sector_bytes < 1 || sector_bytes > 1 << 20) {
    return fail(EINVAL, "a sector of ", sector_bytes, " bytes is none; 1 to 1048576 would be");
  }
  Fields fields;
  const char mark = mark_of(names);
  split(names, mark, fields);
  std::vector<Column> columns;
  const bool open_end = !fields.empty() && fields.back() == "...";
  if (open_end) fields.pop_back();
  for (const std::string_view name : fields) {
    Result<Column> column = column_of(name, sector_bytes);
    if (!column) return pass_on(column);
    columns.push_back(std::move(*column));
  }
  if (const Status whole = check_set(columns); !whole) return pass_on(whole);
  return std::make_unique<Table>(std::move(columns), mark, open_end);
}

}  // namespace biotope::sim
