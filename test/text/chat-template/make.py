"""What Jinja in Python makes of templates, set up as transformers does: `python make.py > templates.json` (Jinja2 3.1.6).

Every template that is not refused stands with its text, refused ones with null."""

import json

import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

MESSAGES = [
    {"role": "user", "content": "\nhi there\n\n", "n": 1, "items": [1, True, None]},
    {"role": "assistant", "content": "<think>\nwell\n</think>\n\nyo 😀é", "flag": False, "half": 0.5},
]

TEMPLATES = r"""
{{ true }} {{ none }} {{ [1, 'a', none, true] }} {{ {'a': 1, 'b': [1.5, 2.0]} }} {{ (1, 2) }}
{{ ["it's", 'say "x"', '\t\n\\', 'é\u200b\u00a0'] }}
{{ 0.00001 }} {{ 0.0001 }} {{ 123456789012345680.0 }} {{ 1.0 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ -0.5 }} {{ 100.25 }}
{{ 1 == 1.0 }}{{ '1' == 1 }}{{ true == 1 }}{{ [1] == [1] }}{{ [] == [] }}{{ {'a': 1} == {'a': 1} }}{{ none == false }}{{ '' == 0 }}
{{ x == none }}{{ none != x }}{{ 'a' != ['a'] }}{{ ['a'] == 'a' }}{{ '0' == false }}{{ x == x }}
{{ {'a': 1} in [{'a': 1}] }}{{ 1 in ['1'] }}{{ 1 in [1.0] }}{{ 'x' in x }}{{ 'role' in messages[0] }}{{ 'b' not in 'abc' }}
{{ messages[0] == messages[0] }}{{ messages[0] == messages[1] }}{{ messages[0].items() == messages[0].items() }}
[{{ messages[0].content.strip('\n') }}] [{{ messages[0].content.lstrip('\n') }}] [{{ messages[0].content.rstrip('\n') }}]
[{{ ' a '.strip('\n') }}] [{{ '\n a \n'.strip('\n') }}] [{{ 'xxaxx'.strip('x') }}] [{{ 'xyxa'.lstrip('yx') }}] [{{ 'aaa'.strip('a') }}]
{{ ' \t\n\x0b\x0c\x1c\x85\u00a0\u2003\u3000x\ufeff'.strip() | length }} {{ 'a\x1cb c '.split() }} {{ ' a b c'.split(none, 1) }}
{{ messages[1].content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') }}|{{ messages[1].content.split('</think>')[-1].lstrip('\n') }}
{{ 'HELLO wORLD' | capitalize }} {{ 'ßa'.capitalize() }} {{ "it's a_b-c (d e.f" | title }} {{ "it's a_b-c (d e.f".title() }} {{ '3a a3b' | title }}
{{ messages[1].content | length }} {{ messages[1].content[-2] }}{{ messages[1].content[-3:] }} {{ '😀a'[0] }}
{{ 7 % -3 }} {{ -7 % 3 }} {{ -1 % 2 }} {{ 5.5 % 2 }} {{ -7 // 2 }} {{ 5.5 // 2 }} {{ 2 ** -1 }}
{{ 'a' ~ true }} {{ 'a' ~ none }} {{ 'a' ~ x ~ 1.0 }} {{ 2 ~ 3 }}
{{ true | string }} {{ none | string }} {{ [true] | string }} {{ messages[0] | string }} {{ 3 | string + 'a' }}
{{ [1, none, 'a', true] | join('-') }} {{ ['x', 'y'] | join(d=',') }} {{ 'abc' | join('.') }} {{ [] | join(',') }}
{{ '7abc' | int }} {{ '1_000' | int }} {{ ' 42 ' | int }} {{ '3.7' | int }} {{ -3.9 | int }} {{ none | int }} {{ 'x' | int(5) }} {{ true | int }}
{{ '3.7' | float }} {{ 'x' | float(1.5) }} {{ 3 | float }} {{ '1e3' | float }} {{ '.5' | float }} {{ 'inf' | float }}
{{ none | trim }} {{ 5 | trim }} [{{ x | trim }}] {{ 'xxaxx' | trim('x') }} {{ x | length }} {{ [] | first }} {{ 'abc' | first }}{{ 'abc' | last }}
{{ 'a😀b' | list | length }} {{ messages[0] | list }} {{ messages[0].keys() | list }} {{ messages[0].values() | list }}
{{ messages[0].items() | first }} {{ {'items': 3}.items() | list }} {{ {'items': 3}['items'] }} {{ messages[0]['items'] }}
{{ messages[0].get('z') }} {{ messages[0].get('z', 'q') }} {{ messages[0]['z'] }} {{ messages[0][0] }} {{ 'abc'[5] }}
{% for i in [1, 2] %}{{ y is defined }}{% set y = 5 %}{% endfor %}
{% set y = 0 %}{% for i in [1, 2] %}{{ y }}{% set y = 5 %}{{ y }}{% endfor %}{{ y }}
{% for i in [1, 2] %}{% if i == 1 %}{% set y = 5 %}{% endif %}{{ y }}|{% endfor %}
{% for i in [1, 2] %}{% set a, b = i, i * 2 %}{{ a }}{{ b }}{% for j in [1, 2] %}{{ q }}{% set q = a %}{% endfor %}{% endfor %}
{% for i in [1, 2] %}{% if i == 2 %}{% continue %}{% endif %}{% set z = i %}{{ z }}{% endfor %}{{ z }}
{% set ns = namespace(x=1) %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }} {{ ns.g is defined }}
{% macro f() %}{{ i }}{% endmacro %}{% for i in [1, 2] %}{{ f() }}{% endfor %}|
{% set z = 1 %}{% macro f() %}{{ z }}{% endmacro %}{% for i in [1] %}{% set z = 2 %}{{ f() }}{% endfor %}{% set z = 3 %}{{ f() }}
{% macro f(a, b=2) %}{{ a }}{{ b }}{{ caller() if caller }}{% endmacro %}{{ f(1) }}{{ f(1, b=3) }}{% call f(true) %}inner{% endcall %}
{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}
{% for x in nothing %}a{% else %}none{% endfor %}{% for c in 'a😀' %}{{ c }},{% endfor %}{% for k in messages[0] %}{{ k }},{% endfor %}
{% for k, v in messages[0].items() if k != 'n' %}{{ loop.index }}{{ loop.last }}{{ k }}={{ v }};{% endfor %}
{{ messages[0] is iterable }}{{ 'a' is iterable }}{{ 1 is iterable }}{{ x is iterable }}{{ true is number }}{{ true is integer }}{{ 1.5 is not number }}
{{ x.y }}
{{ messages[0].a.b }}
{{ messages[5].role }}
{{ messages[5] is defined }} {{ messages[0].z is defined }} {{ (messages[0].z or 'q') }} {{ messages[0].z | default('k') }}
{{ 'a' + 1 }}
{{ 'a' + none }}
{{ messages[0].content + messages[0]['items'] }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ x | tojson }}
{{ none | length }}
{{ 'x' in none }}
{% for x in none %}a{% endfor %}
{{ messages[0] | tojson }} {{ 'é<>&' | tojson }} {{ messages[0] | tojson(indent=2) }}
{% set x %}a{% if true %}b{{ true }}{% endif %}{% endset %}{{ x }}{% filter upper %}abc{{ none }}{% endfilter %}
{{ 'yes' if [] else 'no' }}{{ 'yes' if {} else 'no' }}{{ 'x' if false }}{{ [] or 'x' }}{{ 0 and 1 }}{{ not [] }}
{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join('|') }} {{ messages | map(attribute='z', default='q') | list }}
{%- for message in messages %}{{ '<|' + message.role + '|>' + message.content | trim + '\n' }}{% if loop.last %}{{ loop.index0 % 2 == 0 }}{% endif %}{% endfor %}
{% if messages[0].role == 'system' %}{% set system = messages[0].content %}{% set messages = messages[1:] %}{% endif %}{{ messages | length }}{{ system is defined }}
{{ {'b': 1, 'A': 2} | dictsort }} {{ messages[1] | items | list }} {{ ['b', 'A', 'c'] | sort }} {{ [3, 1, 2] | sort(reverse=true) }} {{ [1, 2, 2, 1] | unique | list }}
{{ [1, 2, 3][::-1] }} {{ 'abcdef'[1:4] }} {{ range(3) | list }} {{ [1] + [2] }} {{ (1, 2)[0] }} {{ [1, 2, 3] | length }} {{ [1, 2] | reverse | list }}
""".strip("\n").split("\n")


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
environment.filters["tojson"] = tojson


def rendered(template):
    try:
        return environment.from_string(template).render(messages=MESSAGES)
    except Exception:
        return None


if __name__ == "__main__":
    cases = [{"template": each, "text": rendered(each)} for each in TEMPLATES]
    print(json.dumps({"messages": MESSAGES, "cases": cases}, indent=1, ensure_ascii=False))
