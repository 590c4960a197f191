#include "costmodel/json/json_view.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

namespace shardwright {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

// The message of the InputError that `act` throws.
std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

std::string parse_refusal(const std::string& text) {
  return refusal([&] { parse_json(text, "f.json"); });
}

TEST(ParseJson, SaysFileLineColumnAndTheTextAroundAFault) {
  const std::string message = parse_refusal("{\n  \"rows\": 5,\n  \"dim\" 8\n}");
  EXPECT_THAT(message, AllOf(HasSubstr("f.json"), HasSubstr("line 3, column 9"),
                             HasSubstr("\"dim\" 8"), HasSubstr("expected ':'")));
}

TEST(ParseJson, SaysWhereATruncatedDocumentEnds) {
  EXPECT_THAT(parse_refusal("{\"a\": [1, 2"), HasSubstr("line 1, column 12"));
  EXPECT_THAT(parse_refusal("{\n\"a\": 1\n"), HasSubstr("line 3, column 1"));
}

TEST(ParseJson, RefusesAnEmptyFile) {
  EXPECT_THAT(parse_refusal(" \n"), HasSubstr("f.json is empty"));
}

TEST(ParseJson, RefusesNaNAndNumbersBeyondDouble) {
  EXPECT_THAT(parse_refusal("{\"pooling\": NaN}"), HasSubstr("line 1, column 13"));
  EXPECT_THAT(parse_refusal("{\n\"rows\": 1e999}"),
              AllOf(HasSubstr("1e999"), HasSubstr("line 2, column 9")));
}

TEST(ParseJson, RefusesAMemberGivenTwice) {
  EXPECT_THAT(parse_refusal(R"({"a": {"rows": 1, "rows": 2}})"), HasSubstr("\"rows\" twice"));
  EXPECT_NO_THROW(parse_json(R"([{"rows": 1}, {"rows": 2, "x": {"rows": 3}}])", "f.json"));
}

TEST(ParseJson, RefusesValuesNestedSoDeepThatTheStackWouldEnd) {
  const std::string open(200'000, '[');
  EXPECT_THAT(parse_refusal(open + std::string(open.size(), ']')),
              HasSubstr("more than 100 levels"));
  EXPECT_NO_THROW(parse_json(std::string(100, '[') + std::string(100, ']'), "f.json"));
}

TEST(ParseJson, SaysInValidTextWhatIsNot) {
  EXPECT_NO_THROW(json(parse_refusal("{\"a\": \"\xff\"}")).dump());
}

TEST(JsonView, CutsALongValueBetweenLetters) {
  for (std::size_t shift = 0; shift < 3; ++shift) {
    std::string letters(shift, 'a');
    for (int i = 0; i < 100; ++i) letters += "é";
    const json document = letters;
    EXPECT_NO_THROW(
        json(refusal([&] { static_cast<void>(JsonView(document, "f").integer()); })).dump());
  }
}

TEST(ReadJson, RefusesAFileWithoutEnd) {
  EXPECT_THAT(refusal([] { read_json("/dev/zero"); }), HasSubstr("the most that is read"));
}

TEST(Nearest, LeavesWordsAloneThatNobodyTypes) {
  const std::string name(100'000, 'n');
  EXPECT_EQ(nearest(name, {name + "m"}), "");
  EXPECT_EQ(nearest("rows", {name, "row"}), "row");
}

TEST(ReadJson, NamesAFileThatCannotBeRead) {
  EXPECT_THAT(refusal([] { read_json("/nonexistent/t.json"); }),
              AllOf(HasSubstr("/nonexistent/t.json"), HasSubstr("No such file")));
  EXPECT_THAT(refusal([] { read_json(std::filesystem::temp_directory_path()); }),
              HasSubstr("directory"));
}

TEST(JsonView, ComplainsWithFilePathValueAndWhatWasExpected) {
  const json document = json::parse(R"({"tables": [{"rows": 1}, {"rows": -5}]})");
  const JsonView rows = JsonView(document, "t.json").at("tables").elements()[1].at("rows");
  EXPECT_EQ(refusal([&] { rows.integer(1, 100); }),
            "t.json: tables[1].rows is -5, expected an integer from 1 to 100.");
}

TEST(JsonView, TakesIntegersInAnyExactSpellingAndRefusesTheRest) {
  const json document = json::parse(
      R"([7, 7.0, 1e6, 1e30, 99999999999999999999, 9223372036854775808, 2.5, "7", true])");
  const auto views = JsonView(document, "f").elements();
  EXPECT_EQ(views[0].integer(), 7);
  EXPECT_EQ(views[1].integer(), 7);
  EXPECT_EQ(views[2].integer(), 1'000'000);
  for (std::size_t i = 3; i < views.size(); ++i) {
    EXPECT_THAT(refusal([&] { views[i].integer(); }), HasSubstr("expected an integer")) << i;
  }
  EXPECT_THAT(refusal([&] { views[3].integer(); }), HasSubstr("1e+30"));
  EXPECT_THAT(refusal([&] { views[4].integer(); }), HasSubstr("1e+20"));
  EXPECT_THAT(refusal([&] { views[5].integer(); }), HasSubstr("9223372036854775808"));
}

TEST(JsonView, TakesFiniteNumbersWithinTheRange) {
  const json document = {1.5, -1, std::numeric_limits<double>::quiet_NaN(), HUGE_VAL, "1"};
  const auto views = JsonView(document, "f").elements();
  EXPECT_EQ(views[0].number(0, 2), 1.5);
  EXPECT_THROW(views[0].number(0, 1), InputError);
  EXPECT_THAT(refusal([&] { views[1].number(0); }), HasSubstr("[1] is -1, expected a finite"));
  for (std::size_t i = 2; i < views.size(); ++i) EXPECT_THROW(views[i].number(), InputError) << i;
}

TEST(JsonView, SuggestsTheNearestKeyForAnUnknownOne) {
  const json document = json::parse(R"({"tables": [{"poolin": 3}]})");
  const JsonView table = JsonView(document, "t.json").at("tables").elements()[0];
  EXPECT_THAT(refusal([&] {
                table.allow_keys({"name", "pooling"});
              }),
              AllOf(HasSubstr("t.json: tables[0]"), HasSubstr("\"poolin\""),
                    HasSubstr("did you mean \"pooling\"?"), HasSubstr("name, pooling")));
}

TEST(JsonView, LetsCommentsThrough) {
  const json document = json::parse(R"({"_why": "because", "a": 1})");
  EXPECT_NO_THROW(JsonView(document, "f").allow_keys({"a"}));
  EXPECT_THROW(JsonView(document, "f").allow_keys({"b"}), InputError);
}

TEST(JsonView, TellsRequiredFromOptionalMembers) {
  const json document = json::parse(R"({"a": {"none": null}})");
  const JsonView a = JsonView(document, "f").at("a");
  EXPECT_FALSE(a.find("none"));
  EXPECT_FALSE(a.find("other"));
  EXPECT_EQ(refusal([&] { a.at("name"); }), "f: a lacks the required member \"name\".");
  EXPECT_THROW(JsonView(json(3), "f").find("x"), InputError);
}

TEST(JsonView, RefusesOtherTypes) {
  const json document = {{"n", 3}};
  const JsonView n = JsonView(document, "f").at("n");
  EXPECT_THAT(refusal([&] { n.string(); }), HasSubstr("n is 3, expected a string"));
  EXPECT_THAT(refusal([&] { n.boolean(); }), HasSubstr("expected true or false"));
  EXPECT_THAT(refusal([&] { n.elements(); }), HasSubstr("expected an array"));
}

TEST(ExpectSchema, SaysWhichKindWasFound) {
  const json plan = {{"schema", "shardwright.plan/1"}};
  const json bare = json::object();
  EXPECT_NO_THROW(expect_schema(JsonView(plan, "p"), "plan"));
  EXPECT_THAT(refusal([&] { expect_schema(JsonView(plan, "p"), "tables"); }),
              AllOf(HasSubstr("shardwright.plan/1"), HasSubstr("shardwright.tables/1")));
  EXPECT_THAT(refusal([&] { expect_schema(JsonView(bare, "p"), "tables"); }),
              HasSubstr("no \"schema\""));
}

TEST(Nearest, FindsSlipsAndKeepsSilentOtherwise) {
  const std::vector<std::string> names = {"rows", "dim", "pooling"};
  EXPECT_EQ(nearest("row", names), "rows");
  EXPECT_EQ(nearest("polling", names), "pooling");
  EXPECT_EQ(nearest("dmi", names), "");
  EXPECT_EQ(nearest("temperature", names), "");
  EXPECT_EQ(nearest("x", {"y"}), "");
}

}  // namespace
}  // namespace shardwright
