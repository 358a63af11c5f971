#include "app/verbs.h"

int main(int argc, char** argv) { return biotope::app::run_command_line(argc, argv); }
