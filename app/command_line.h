#pragma once

namespace biotope::app {

// Reads the command line and does what it says; gives the exit status of the program.
int run_program(int argc, char** argv);

}  // namespace biotope::app
