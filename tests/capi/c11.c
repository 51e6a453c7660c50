/* canter.h as a C program sees it: this file is compiled as C11 with every warning an error. */
#include "canter/canter.h"

int canter_test_c11_layout_fits(void);

int canter_test_c11_layout_fits(void) {
  const canter_layout layout = canter_layout_of_header();
  const canter_world_desc desc = canter_world_desc_default();
  return canter_check_layout(&layout) == CANTER_STATUS_OK && desc.size == sizeof desc;
}
