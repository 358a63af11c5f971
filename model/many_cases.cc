#include "model/many_cases.h"

namespace biotope {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
bool sanitized() { return true; }
#else
bool sanitized() { return false; }
#endif

}  // namespace biotope
