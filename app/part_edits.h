#pragma once

#include <string>

#include "app/part_arguments.h"
#include "classes/slicer/document.h"

// What the verbs of `biotope part` do to a table. Each gives the line that says what was done; what
// is refused has changed nothing.
namespace biotope::app {

using PartEdit = Result<std::string> (*)(Document&, const PartArguments&);

Result<std::string> add_partition(Document& document, const PartArguments& a);
Result<std::string> delete_partition(Document& document, const PartArguments& a);
Result<std::string> resize_partition(Document& document, const PartArguments& a);
Result<std::string> modify_partition(Document& document, const PartArguments& a);
Result<std::string> write_bootcode(Document& document, const PartArguments& a);
Result<std::string> recover_table(Document& document, const PartArguments& a);
Result<std::string> destroy_table(Document& document, const PartArguments& a);

}  // namespace biotope::app
