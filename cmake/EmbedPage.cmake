# embed_page(TARGET PAGE HEADER FUNCTION): builds an HTML file, with planner/report/style.css in the place of
# @style@ and page.js beside it in that of @script@, into the target as what `std::string_view FUNCTION()` returns; HEADER declares it.
function(embed_page target page_file header function)
  set(style_file ${PROJECT_SOURCE_DIR}/planner/report/style.css)
  set(script_file ${PROJECT_SOURCE_DIR}/planner/report/page.js)
  file(READ ${page_file} page)
  file(READ ${style_file} style)
  file(READ ${script_file} script)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page_file} ${style_file} ${script_file})
  string(REPLACE "@style@" "${style}" page "${page}")
  string(REPLACE "@script@" "${script}" page "${page}")
  # A string literal of more than 64 KiB is not portable.
  string(LENGTH "${page}" page_length)
  if(page_length GREATER 65000)
    message(FATAL_ERROR "${page_file} has ${page_length} letters, more than a string literal may have.")
  endif()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
#include "@header@"

namespace shardwright {

std::string_view @function@() { return R"page(@page@)page"; }

}  // namespace shardwright
]])
  target_sources(${target} PRIVATE ${source})
endfunction()
