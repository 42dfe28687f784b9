"""Who may do what: IAM policies, evaluated where AWS evaluates them.

``policy`` and ``conditions`` read documents and know nothing else. ``calls`` says which actions a
call of the API asks for, on which resources; ``documents`` finds the policies that moto keeps;
``authorization`` puts them together, and ``clients`` refuses.

moto's own evaluation (``moto.iam.access_control``) was looked at and not taken: it knows neither
resources nor the conditions of permissions, no service as a caller, no policy of a topic, a queue
or a key and no boundary, and it cannot tell a state machine's call from an operator's.
"""
