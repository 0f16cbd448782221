"""The handbook's own words in Chinese; the ruleset brings its texts itself."""

from __future__ import annotations

CHINESE = {
    "Classes": "客户类别", "Tiers": "关系等级", "Strategies and phases": "策略与阶段",
    "Scores": "评分", "Actions": "行动", "Facts": "事实", "Vocabulary": "词汇表", "Parameters": "参数",
    "Clauses": "条款", "Phases": "关系阶段", "Strategies": "策略", "Roles": "角色",
    "Ruleset {name} {version}": "规则集 {name} {version}",
    "Made from the rules themselves; their digest is {digest}.": "由规则本身生成，其摘要为{digest}。",
    "Words in a frame are what stands in the rules. A rule fires only when its condition is true; what is "
    "not known is neither true nor false.":
        "带底色的文字是规则中的原文。条件为真时规则才生效；未知的既非真也非假。",
    "{count} classes": "{count}个客户类别", "{count} tiers": "{count}个关系等级",
    "{count} strategies and phases": "{count}个策略与阶段", "{count} scores": "{count}个评分",
    "{count} actions": "{count}项行动", "{count} facts": "{count}个事实",
    "{count} tables": "{count}个表", "{count} parameters": "{count}个参数",
    "{count} clauses": "{count}条条款",
    "Functions of plug-ins": "插件函数", "{count} functions of plug-ins": "{count}个插件函数",
    "Plug-in": "插件",
    "From clause": "来自条款", "When": "条件", "Enough to stay": "足以保持", "Ways up": "上升途径",
    "From {origin} to {target}": "从{origin}到{target}", "Gate": "关口", "Enough to keep": "足以保留",
    "Advice": "建议", "Level": "级别", "Objective": "目标", "Share of all selling time": "占全部销售时间",
    "Contact every": "联系间隔", "{days} days": "{days}天", "Team": "团队", "Bands": "档次", "Band": "档次",
    "From": "从", "To": "到", "Criteria": "标准", "Criterion": "标准", "Weight": "权重", "Share": "占比",
    "Measures": "衡量", "Value": "数值", "Holds when": "成立条件", "Points": "得分",
    "left out; its weight goes to the others": "不计入，权重分给其他标准",
    "Every other value": "其他值", "When unknown": "未知时",
    "between these points along a line": "各点之间按直线计算",
    "Owner": "负责人", "Due within": "期限", "Effort": "工时", "{hours} hours": "{hours}小时",
    "Not again for": "多久不重复", "Priority": "优先级", "Reason": "理由", "Takes the place of": "代替",
    "Gives way to": "让位于", "Reads": "读取", "In the rules": "规则原文", "Type": "类型", "Unit": "单位",
    "Information level": "信息等级", "About": "说明", "Column": "列", "Range": "范围", "Read by": "用于",
    "money": "金额", "share": "比例", "score": "分数", "number": "数值", "integer": "整数", "days": "天数",
    "date": "日期", "text": "文字", "choice": "选项", "bool": "是否", "one of {choices}": "{choices}之一",
    "from {low} to {high}": "{low}至{high}",
}  # fmt: skip


def say(english: str, language: str, **values: object) -> str:
    """Return words of the handbook in a language, in English where there are none."""
    found = CHINESE.get(english, english) if language.partition("-")[0] == "zh" else english
    return found.format(**values) if values else found
