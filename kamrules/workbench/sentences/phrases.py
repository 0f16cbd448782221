"""The phrases that sentences are made of, one for each form of the tree, in every language that we write."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = {
    ">=": "{a} is at least {b}", ">": "{a} is more than {b}",
    "<=": "{a} is at most {b}", "<": "{a} is less than {b}",
    "==": "{a} is {b}", "!=": "{a} is not {b}",
    "date>=": "{a} is on {b} or later", "date>": "{a} is after {b}",
    "date<=": "{a} is on {b} or earlier", "date<": "{a} is before {b}",
    "between": "{a} lies from {b}{low} to {c}{high}",
    "outside": "{a} does not lie from {b}{low} to {c}{high}",
    "left out": " (itself left out)",
    "among": "{a} is one of {list}", "not among": "{a} is none of {list}",
    "unknown": "{a} is unknown", "known": "{a} is known",
    "not": "it is not so that {a}", "no": "not {a}",
    "and": " and ", "or": " or ", "comma": ", ", "brackets": "({a})", "quoted": "“{a}”",
    "+": "{a} plus {b}", "-": "{a} minus {b}", "*": "{a} times {b}", "/": "{a} divided by {b}",
    "negate": "minus {a}",
    "since": "the days since {a}", "until": "the days until {a}",
    "before today": "{a} before the date of the run", "after today": "{a} after the date of the run",
    "as_of": "the date of the run", "days": "{a} days",
    "abs": "{a} without its sign", "round": "{a}, rounded", "places": "{a}, rounded to {b} places",
    "clamp": "{a}, but not below {b} and not above {c}",
    "coalesce": "{a}, or when unknown {b}",
    "min": "the smallest of {list}", "max": "the greatest of {list}",
    "decay": "what is left of 1 after {a}, when it halves every {b}",
    "if": "{b} if {a}, otherwise {c}",
    "rows": "all rows of {table}", "rows where": "rows of {table} where {where}",
    "count": "the number of {rows}", "count of": "the number of known values of {of} in {rows}",
    "sum of": "the sum of {of} over {rows}", "mean of": "the mean of {of} over {rows}",
    "min of": "the smallest {of} in {rows}", "max of": "the greatest {of} in {rows}",
    "first of": "{of} in the earliest of {rows}", "last of": "{of} in the latest of {rows}",
    "distinct of": "the number of different values of {of} in {rows}",
    "any": "there is at least one of {rows}",
    "rank": "the place among all accounts of the book by {a}, the greatest first",
    "rank_share": "the place by {a} as a share of all accounts of the book that have one",
    "share_of_total": "the share of {a} in the sum over the whole book",
    "all of": "all of these:", "any of": "at least one of these:", "at least": "at least {n} of these:",
    "none of": "this does not hold:", "always": "always",
    "level": "the level of the tier", "band": "the band of {a}", "low": "the least that {a} can be",
    "high": "the most that {a} can be", "points": "the points for {a}",
    "class": "class", "tier": "tier", "phase": "phase", "strategy": "strategy",
    "class_before": "the class before", "tier_before": "the tier before",
    "parameter": "{a} ({b})",
}  # fmt: skip

CHINESE = {
    ">=": "{a}不少于{b}", ">": "{a}大于{b}", "<=": "{a}不超过{b}", "<": "{a}小于{b}",
    "==": "{a}为{b}", "!=": "{a}不为{b}",
    "date>=": "{a}不早于{b}", "date>": "{a}晚于{b}", "date<=": "{a}不晚于{b}", "date<": "{a}早于{b}",
    "between": "{a}在{b}{low}到{c}{high}之间", "outside": "{a}不在{b}{low}到{c}{high}之间",
    "left out": "（不含）",
    "among": "{a}为{list}之一", "not among": "{a}不是{list}中的任何一个",
    "unknown": "{a}未知", "known": "{a}已知",
    "not": "并非{a}", "no": "“{a}”不成立",
    "and": "，且", "or": "，或", "comma": "、", "brackets": "（{a}）", "quoted": "“{a}”",
    "+": "{a}加{b}", "-": "{a}减{b}", "*": "{a}乘以{b}", "/": "{a}除以{b}", "negate": "负的{a}",
    "since": "距{a}的天数", "until": "到{a}的天数",
    "before today": "运行日之前{a}", "after today": "运行日之后{a}", "as_of": "运行日", "days": "{a}天",
    "abs": "{a}的绝对值", "round": "{a}（取整）", "places": "{a}（保留{b}位小数）",
    "clamp": "{a}（不低于{b}，不高于{c}）", "coalesce": "{a}（未知时取{b}）",
    "min": "{list}中最小的", "max": "{list}中最大的",
    "decay": "经过{a}、每{b}减半后剩下的比例", "if": "若{a}则为{b}，否则为{c}",
    "rows": "{table}的所有行", "rows where": "{table}中满足“{where}”的行",
    "count": "{rows}的数量", "count of": "{rows}中已知的{of}的个数",
    "sum of": "{rows}的{of}之和", "mean of": "{rows}的{of}的平均值",
    "min of": "{rows}中最小的{of}", "max of": "{rows}中最大的{of}",
    "first of": "{rows}中最早一行的{of}", "last of": "{rows}中最近一行的{of}",
    "distinct of": "{rows}中不同的{of}的个数", "any": "至少存在一个{rows}",
    "rank": "按{a}从大到小在全部客户中的名次", "rank_share": "按{a}的名次占有该值的全部客户的比例",
    "share_of_total": "{a}占全部客户合计的比例",
    "all of": "以下全部成立：", "any of": "以下至少一项成立：", "at least": "以下至少{n}项成立：",
    "none of": "以下不成立：", "always": "总是",
    "level": "关系等级的级别", "band": "{a}所在的档次", "low": "{a}可能的最小值",
    "high": "{a}可能的最大值", "points": "{a}的得分",
    "class": "客户类别", "tier": "关系等级", "phase": "关系阶段", "strategy": "策略",
    "class_before": "此前的类别", "tier_before": "此前的等级", "parameter": "{a}（{b}）",
}  # fmt: skip

PHRASES: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": ENGLISH, "zh": CHINESE})
"""By language; a language without phrases of its own is told in English."""
