"""Words: what kamrules itself says to people, in the languages it knows; rulesets bring their own texts.

English is the key: what is not in the table is said in English. Words in braces are filled in by `word`.
Diagnostics are for those who write rulesets and keep books, and are in English.
"""

from __future__ import annotations

CHINESE = {
    # what a decision says
    "no class holds": "没有任何客户类别成立",
    "several classes hold: {classes}": "多个客户类别同时成立：{classes}",
    "unknown": "未知",
    "none": "无",
    "Class": "客户类别",
    "Tier": "关系等级",
    "Phase": "关系阶段",
    "Strategy": "策略",
    "left out": "未计入",
    "{points} points": "{points}分",
    "{given} x {weight}": "{given} × {weight}",
    "{shown} ({low} to {high})": "{shown}（{low}至{high}）",
    "whatever is left": "其余所有客户",
    "enough to stay": "足以保持",
    # explain
    "{account}, as of {date} by {ruleset}": "{account}，截至{date}，依据{ruleset}",
    "{title}: {shown}": "{title}：{shown}",
    "placed, no earlier one is known": "首次归类，此前未知",
    "as before": "与此前相同",
    "up from {before}": "由“{before}”上升",
    "down from {before}": "由“{before}”下降",
    "held, as before": "维持不变",
    "not yet {title}:": "尚未达到“{title}”：",
    "its own conditions": "自身的条件",
    "advice: {advice}": "建议：{advice}",
    "Actions: {count} proposed": "行动：建议{count}项",
    "held back:": "暂缓：",
    "the least that would have to change:": "最少需要的改变：",
    "{account}: the least that would have to change for {outcome}":
        "{account}：要达到{outcome}，最少需要的改变",
    "nothing: it is so already": "无需改变：现在已经如此",
    "none was found, and not everything was looked at": "没有找到，而且未能全部查看",
    "nothing that can be changed brings it about": "凡是可以改变的，都达不到",
    "no values of any facts would": "任何事实取任何值都达不到",
    "only another value of one of these would, and they cannot be changed: {facts}":
        "只有以下某个事实取别的值才能达到，而它们无法改变：{facts}",
    "only other values of all of these would, and they cannot be changed: {facts}":
        "只有以下事实同时取别的值才能达到，而它们无法改变：{facts}",
    "cost {cost}": "代价{cost}",
    " (nothing below {least} can do)": "（低于{least}必定不够）",
    "{title}: {before} -> {after}": "{title}：{before} → {after}",
    "nearest: {title} ({id}), which lacks": "最接近的行动：{title}（{id}），还缺",
    "{id}, priority {priority}": "{id}，优先级{priority}",
    "priority {priority} = {text}": "优先级{priority} = {text}",
    "{owner}, by {date}, {hours} h": "{owner}，{date}前，{hours}小时",
    "in cooldown until {date}": "冷却期至{date}",
    "{actions} takes its place": "由{actions}代替",
    "Gaps: what is not known and would matter": "信息缺口：尚不了解而会有影响",
    "{fact} (information level {level}): {matters}": "{fact}（信息级别{level}）：{matters}",
    "could change: {what}": "可能改变：{what}",
    "closes {share} of what the scores leave open": "可消除分数不确定范围的{share}",
    "Facts read above": "以上用到的事实",
    "{rows} of {all} rows": "{all}行中的{rows}行",
    "{shown}, on {date}": "{shown}（{date}）",
    "Where these values stand (rows count from 1, without a header)": "这些值的出处（行号从1起，不计表头）",
    "the account": "该客户",
    "the book has no {table}": "客户数据中没有{table}表",
    "{counted}: {source}": "{counted}：{source}",
    "{source} row {rows}": "{source}第{rows}行",
    "{source} rows {rows}": "{source}第{rows}行",
    "{found}; the value is of row {row}": "{found}；取自第{row}行",
    # run and demo
    "{count} accounts of {book} as of {date}, by {ruleset}":
        "{book}共{count}家客户，截至{date}，依据{ruleset}",
    "Accounts": "客户数",
    "Share": "占比",
    "Revenue": "收入",
    "Revenue {currency}": "收入（{currency}）",
    "Selling time": "销售时间",
    "Class moves: {moves}": "类别变动：{moves}",
    "Tier moves: {moves}": "等级变动：{moves}",
    "{count} placed": "首次归类{count}家",
    "{count} stayed": "不变{count}家",
    "{count} up": "上升{count}家",
    "{count} down": "下降{count}家",
    "{count} held": "维持{count}家",
    "Actions: {proposed} proposed for {accounts} accounts, the best {kept} written":
        "行动：为{accounts}家客户建议{proposed}项，写出最重要的{kept}项",
    "{told}, {held} held back": "{told}，暂缓{held}项",
    "Decided: {decided} accounts, {taken_over} taken over from earlier runs":
        "本次判定{decided}家客户，另{taken_over}家沿用先前的判定",
    "Data: {rows} rows of {tables} tables, nothing wrong": "数据：{tables}张表共{rows}行，没有问题",
    "Data: {rows} rows of 1 table, nothing wrong": "数据：1张表共{rows}行，没有问题",
    "Data: {rows} rows of {tables} tables; {left_out} rows left out, {unknown} values taken as unknown":
        "数据：{tables}张表共{rows}行；略去{left_out}行，{unknown}个值按未知处理",
    "Data: {rows} rows of 1 table; {left_out} rows left out, {unknown} values taken as unknown":
        "数据：1张表共{rows}行；略去{left_out}行，{unknown}个值按未知处理",
    "  {where}: {problem}": "  {where}：{problem}",
    "  {where}: {count} of {all} rows: {problem}": "  {where}：{all}行中有{count}行：{problem}",
    "  {where}: {count} of {all} values: {problem}": "  {where}：{all}个值中有{count}个：{problem}",
    "  and {count} more problems; `kamrules inspect` tells all":
        "  另有{count}个问题；`kamrules inspect`列出全部",
    "Files in {folder}: {files}": "{folder}中的文件：{files}",
    "Delivered to {sink} ({mode}): {rows}": "已送达{sink}（{mode}）：{rows}",
    "The most urgent actions": "最紧迫的行动",
    "Priority": "优先级",
    "Account": "客户",
    "What to do, and why": "做什么，为什么",
    "Who, by when": "谁，何时之前",
    "The book is in {folder}. Ask why: {command}": "客户数据在{folder}。想知道为什么：{command}",
}  # fmt: skip

WORDS = {"zh": CHINESE}


def word(english: str, language: str, **values: object) -> str:
    """Return a phrase of the table in a language (`zh-Hans` counts as `zh`), its braces filled."""
    found = WORDS.get(language) or WORDS.get(language.partition("-")[0]) or {}
    return found.get(english, english).format(**values)
