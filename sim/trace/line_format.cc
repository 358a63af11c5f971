#include "sim/trace/line_format.h"

#include <cerrno>
#include <vector>

#include "model/parameter.h"
#include "sim/trace/columns.h"
#include "sim/trace/trace_reader.h"

namespace biotope::sim {
namespace {

constexpr TraceFormat kFormats[] = {
    {.name = "validate",
     .about = "measured on a drive: R or W, buffer, sector, sectors, service and think time in us",
     .columns = "op - offset_sectors length_sectors service_us think_us",
     .known_by_looks = true},
    {.name = "spc",
     .about = "SPC-1: unit, sector, bytes, R or W, seconds",
     .columns = "device,offset_sectors,length_bytes,op,time_s,...",
     .known_by_looks = true},
    {.name = "msr",
     .about =
         "MSR Cambridge: Windows time in 100 ns, host, disk, Read or Write, bytes, bytes, 100 ns",
     .columns = "time_100ns,-,device,op,offset_bytes,length_bytes,service_100ns",
     .known_by_looks = true},
    {.name = "alibaba",
     .about = "Alibaba's cloud: device, R or W, bytes, bytes, us",
     .columns = "device,op,offset_bytes,length_bytes,time_us",
     .known_by_looks = true},
    {.name = "blkparse", .about = "what blkparse prints", .columns = "", .known_by_looks = true},
    {.name = "iolog",
     .about = "fio's iolog, version 2 or 3",
     .columns = "",
     .known_by_looks = true},
    {.name = "disksim",
     .about = "DiskSim's ascii: ms, device, sector, sectors, flags",
     .columns = "time_ms device offset_sectors length_sectors flags"},
    {.name = "mqsim",
     .about = "MQSim's ascii: ns, device, sector, sectors, 1 for a read",
     .columns = "time_ns device offset_sectors length_sectors is_read"},
    {.name = "tencent",
     .about = "Tencent's cloud: seconds, sector, sectors, 1 for a write, volume",
     .columns = "time_s,offset_sectors,length_sectors,is_write,device"},
};

// Whether a trace of that format may begin with the line.
bool fits(const TraceFormat& format, std::string_view line, const TraceOptions& options) {
  const auto reader = make_line_format(format.name, options);
  TraceRequest request;
  return reader && (*reader)->read(line, request);
}

std::string list_of(std::span<const TraceFormat* const> formats) {
  std::string list;
  for (const TraceFormat* format : formats) {
    list +=
        sentence(list.empty() ? "" : ", or ", "--format ", format->name, " (", format->about, ")");
  }
  return list;
}

}  // namespace

std::span<const TraceFormat> trace_formats() { return kFormats; }

Result<std::unique_ptr<LineFormat>> make_line_format(std::string_view name,
                                                     const TraceOptions& options) {
  std::vector<std::string_view> names;
  for (const TraceFormat& format : kFormats) {
    names.push_back(format.name);
    if (format.name != name) continue;
    if (!format.columns.empty()) return make_columns(format.columns, options.sector_bytes);
    return name == "iolog" ? make_iolog() : make_blkparse(options);
  }
  std::string all;
  for (const std::string_view known : names) all += sentence(all.empty() ? "" : ", ", known);
  const std::string_view near = nearest(name, names);
  return fail(EINVAL, "there is no format '", name, "'; ",
              near.empty() ? sentence("there are ", all) : sentence("did you mean '", near, "'?"));
}

Result<std::string> format_by_looks(std::string_view line, const TraceOptions& options) {
  std::vector<const TraceFormat*> known;
  std::vector<const TraceFormat*> possible;
  for (const TraceFormat& format : kFormats) {
    if (!fits(format, line, options)) continue;
    (format.known_by_looks ? known : possible).push_back(&format);
  }
  if (known.size() == 1 && possible.empty()) return std::string(known.front()->name);
  possible.insert(possible.begin(), known.begin(), known.end());
  if (possible.empty()) {
    return fail(EINVAL,
                "begins like no trace that is known; say what stands in its columns, as in "
                "--columns time_us,op,offset_bytes,length_bytes, or give --format");
  }
  return fail(EINVAL, "may mean several things, or has units that nobody can see; say ",
              list_of(possible), ", or what stands in its columns with --columns");
}

}  // namespace biotope::sim
